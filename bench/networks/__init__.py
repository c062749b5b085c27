"""The networks, once for each library, with PyTorch's parameter names in all, so that weights are shared."""
