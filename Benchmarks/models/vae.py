"""A variational autoencoder: what Examples/Sources/Models/VAE.swift is, in PyTorch."""
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


class VAE(nn.Module):
    def __init__(self, pixels=64, width=128, codes=8):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(pixels, width), nn.ReLU())
        self.mean = nn.Linear(width, codes)
        self.log_variance = nn.Linear(width, codes)
        self.decoder = nn.Sequential(nn.Linear(codes, width), nn.ReLU(), nn.Linear(width, pixels))

    def forward(self, images):
        hidden = self.encoder(images)
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        code = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        return self.decoder(code), mean, log_variance


def loss_of(images, logits, mean, log_variance):
    reconstruction = F.binary_cross_entropy_with_logits(logits, images, reduction="sum")
    divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()
    return (reconstruction + divergence) / len(images)


def train(images, epochs, batch=32):
    loader = DataLoader(TensorDataset(images), batch_size=batch, shuffle=True, drop_last=True)
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(epochs):
        for (batch_images,) in loader:
            optimizer.zero_grad()
            loss = loss_of(batch_images, *model(batch_images))
            loss.backward()
            optimizer.step()
    return model, loss.item()
