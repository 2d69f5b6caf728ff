"""A step of PyTorch's DistributedDataParallel by gloo: the network that `ClusterSums steps` trains, 64 rows a rank.

    OMP_NUM_THREADS=1 mpirun -n 2 python3 Benchmarks/cluster_ddp.py

mpirun holds each rank to a processor, as it does ours. One thread a rank; prints rank 0's milliseconds.
"""
import os
import time

import torch
import torch.distributed as distributed
from torch import nn

os.environ["RANK"] = os.environ["OMPI_COMM_WORLD_RANK"]
os.environ["WORLD_SIZE"] = os.environ["OMPI_COMM_WORLD_SIZE"]
os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
os.environ.setdefault("MASTER_PORT", "29511")
torch.set_num_threads(1)
torch.manual_seed(1)
distributed.init_process_group("gloo")
rows, warm, steps = 128 // distributed.get_world_size(), 20, 300
network = nn.parallel.DistributedDataParallel(
    nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)))
optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
x, labels = torch.rand(rows, 784), torch.arange(rows) % 10
times = []
for step in range(warm + steps):
    start = time.perf_counter()
    optimizer.zero_grad()
    nn.functional.cross_entropy(network(x), labels).backward()
    optimizer.step()
    if step >= warm:
        times.append(1e3 * (time.perf_counter() - start))
if distributed.get_rank() == 0:
    times.sort()
    count = distributed.get_world_size()
    print(f"DDP ranks {count}: median {times[steps // 2]} ms, minimum {times[0]} ms, {steps} steps")
distributed.barrier()
distributed.destroy_process_group()
