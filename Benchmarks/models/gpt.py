"""A decoder of text, byte by byte: what Examples/Sources/Models/GPT.swift is, in PyTorch."""
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


class GPT(nn.Module):
    def __init__(self, vocabulary=128, context=32, width=64, heads=4, layers=2):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.places = nn.Parameter(0.02 * torch.randn(context, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout=0, activation="gelu", batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.logits = nn.Linear(width, vocabulary)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(context))

    def forward(self, tokens):
        x = self.embedding(tokens) + self.places
        x = self.layers(x, mask=self.mask, is_causal=True)
        return self.logits(x)


def train(text, epochs, batch=16, context=32):
    passages = torch.tensor(list(text)).unfold(0, context + 1, 1)
    dataset = TensorDataset(passages[:, :-1], passages[:, 1:])
    loader = DataLoader(dataset, batch_size=batch, shuffle=True, drop_last=True)
    model = GPT(context=context)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
    for epoch in range(epochs):
        for tokens, following in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(tokens).flatten(0, 1), following.flatten())
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1)
            optimizer.step()
    return model, loss.item()
