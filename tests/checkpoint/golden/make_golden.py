"""Freezes random quantised blocks with the values that ggml's own Python package gives, and a file by the safetensors package.

    python tests/checkpoint/golden/make_golden.py        (gguf 0.19, safetensors 0.8, torch 2.9; writes beside this file)

blocks.json: per type, the bytes of blocks and their values as float32 bit patterns. peer.json: a safetensors file in hex.
"""
import json
import pathlib

import gguf
import numpy as np
import torch
from gguf.quants import dequantize
from safetensors.torch import save

HERE = pathlib.Path(__file__).parent
# where a block's F16 scales lie, so that they can be made finite
SCALES = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2],
          "Q5_K": [0, 2], "Q6_K": [208]}


def main():
    random = np.random.default_rng(1)
    golden = {}
    for name, scales in SCALES.items():
        kind = gguf.GGMLQuantizationType[name]
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        blocks = random.integers(0, 256, (2 if elements == 32 else 1, size), dtype=np.uint8)
        for block in blocks:
            for at in scales:
                block[at:at + 2] = np.array([random.normal() * 0.1], np.float16).view(np.uint8)
        values = dequantize(blocks, kind).astype(np.float32).reshape(-1)
        golden[name] = {"bytes": blocks.tobytes().hex(), "values": values.view(np.uint32).tolist()}
    (HERE / "blocks.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")

    tensors = {
        "half": torch.tensor([[1.0, -0.5, 65504.0], [6e-8, 0.1, -0.0]], dtype=torch.float16),
        "brain": torch.tensor([1.0, 3.0e38, -1e-30], dtype=torch.bfloat16),
        "double": torch.tensor(0.1, dtype=torch.float64),
        "empty": torch.zeros((0, 4)),
        "mask": torch.tensor([True, False, True]),
        "count": torch.tensor([-3, 1 << 40]),
        "single": torch.arange(4, dtype=torch.float32).reshape(2, 1, 2) / 3,
    }
    file = save(tensors, {"format": "pt", "note": "é"})
    (HERE / "peer.json").write_text(json.dumps({"file": file.hex()}) + "\n")


if __name__ == "__main__":
    main()
