"""Pictures and charts from numbers and tensors: palette, figures, strips, charts, graphical models. No page state."""
