"""A graph convolutional network: what Examples/Sources/Models/GraphNetwork.swift is, in PyTorch."""
import torch
from torch import nn
from torch.nn import functional as F


class GraphConvolution(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, x, sources, targets, weights):
        states = self.linear(x)
        return torch.zeros_like(states).index_add(0, targets, states[sources] * weights)


class GraphNetwork(nn.Module):
    def __init__(self, member_count, width=16, clubs=2):
        super().__init__()
        self.first = GraphConvolution(member_count, width)
        self.second = GraphConvolution(width, clubs)

    def forward(self, members, sources, targets, weights):
        hidden = F.relu(self.first(members, sources, targets, weights))
        return self.second(hidden, sources, targets, weights)


def messages(member_count, edges):
    edges, members = torch.tensor(edges), torch.arange(member_count)
    sources = torch.cat([edges[:, 0], edges[:, 1], members])
    targets = torch.cat([edges[:, 1], edges[:, 0], members])
    degrees = torch.bincount(targets)
    weights = (degrees[sources] * degrees[targets]).float().rsqrt().unsqueeze(1)
    return sources, targets, weights


def train(edges, clubs, epochs):
    member_count = len(clubs)
    sources, targets, weights = messages(member_count, edges)
    members = torch.eye(member_count)
    model = GraphNetwork(member_count)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(epochs):
        optimizer.zero_grad()
        logits = model(members, sources, targets, weights)
        loss = F.cross_entropy(logits, clubs, ignore_index=-1)
        loss.backward()
        optimizer.step()
    return model, loss.item()
