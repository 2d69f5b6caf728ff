"""How a step scales to many machines, in a model: a message of m bytes takes latency + m / bandwidth on its link.

    python3 Benchmarks/cluster_scale.py

Prints the table of Benchmarks/results/cluster.md: the efficiency of weak scaling, in percent, of two networks on two
kinds of link. Gradients become ready in backward's order, in pieces of at most 4 MiB, and a piece's sum begins when it
is ready and the link is free. Nothing else is in the way: no slow machine, no crowded switch, all links at full rate.
"""
import math

ADDING = 6e9  # bytes a second that the thread of messages adds up
PIECE = 4 << 20  # bytes
LINKS = {"10 Gbit/s": (25e-6, 1.15e9), "100 Gbit/s": (8e-6, 11.5e9)}  # seconds a message, bytes a second
NODES = [2 ** power for power in range(1, 11)]

# Layers from the input on: parameters, and the share of a step's arithmetic. Then seconds of a step of one machine.
NETWORKS = {
    "61 M": ([(34_944, .15), (614_656, .26), (885_120, .19), (1_327_488, .19), (884_992, .13), (37_752_832, .05),
              (16_781_312, .025), (4_097_000, .005)], 0.55),
    "1 M": ([(784 * 768 + 768, .55), (768 * 512 + 512, .40), (512 * 10 + 10, .05)], 0.01),
}
FORWARD = 1 / 3  # of a step


def pieces(layers):
    """Bytes of each piece, and the share of the step after which it is ready, in backward's order."""
    done, found = FORWARD, []
    for parameters, share in reversed(layers):
        done += share * (1 - FORWARD)
        left = 4 * parameters
        while left > 0:
            found.append((min(PIECE, left), done))
            left -= PIECE
    return found


def ring(size, nodes, latency, bandwidth):
    """Reduce-scatter and all-gather along a ring: 2 (R - 1) messages, one after another."""
    share = (nodes - 1) / nodes * size
    return 2 * (nodes - 1) * latency + 2 * share / bandwidth + share / ADDING


def tree(size, nodes, latency, bandwidth):
    """The tree of ours: of halves and back, as many bytes as a ring in 2 log R messages, or of few bytes whole."""
    rounds, share = math.log2(nodes), (nodes - 1) / nodes * size
    halving = 2 * rounds * latency + 2 * share / bandwidth + share / ADDING
    doubling = rounds * (latency + size / bandwidth + size / ADDING)
    return min(halving, doubling)


def efficiency(network, link, nodes, sum_):
    """A step alone over one whose sums begin as gradients are ready, in percent."""
    (layers, seconds), (latency, bandwidth) = NETWORKS[network], LINKS[link]
    end = 0
    for size, ready in pieces(layers):
        end = max(end, seconds * ready) + sum_(size, nodes, latency, bandwidth)
    return 100 * seconds / max(end, seconds)


def main():
    columns = [(network, link, way) for network in NETWORKS for link in LINKS for way in (ring, tree)]
    print("| nodes | " + " | ".join(f"{network}, {link}, {way.__name__}" for network, link, way in columns) + " |")
    print("|" + "---|" * (len(columns) + 1))
    for nodes in NODES:
        print(f"| {nodes:,} | " + " | ".join(
            f"{efficiency(network, link, nodes, way):.0f}" for network, link, way in columns) + " |")


if __name__ == "__main__":
    main()
