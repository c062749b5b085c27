"""The entries of the suite, one file a subject; importing them imports no library."""

from __future__ import annotations

from bench.entries import (
    add,
    chain,
    cold_start,
    decode,
    demo,
    encoder,
    gru,
    memory,
    mlp,
    mobilenet,
    resnet50,
    vgg,
)
from bench.entry import Entry

ENTRIES: dict[str, Entry] = {
    "add": add.ADD,
    "add_backward": add.ADD_BACKWARD,
    "chain": chain.ENTRY,
    "mlp_train": mlp.TRAIN,
    "demo_train": demo.TRAIN,
    "demo_infer": demo.INFER,
    "vgg_train": vgg.TRAIN,
    "resnet50_train": resnet50.TRAIN,
    "resnet50_infer": resnet50.INFER,
    "resnet50_infer_32": resnet50.INFER_MANY,
    "resnet50_infer_bfloat16": resnet50.INFER_BFLOAT16,
    "mobilenet_infer": mobilenet.INFER,
    "encoder_train": encoder.TRAIN,
    "encoder_infer": encoder.INFER,
    "gru_train": gru.TRAIN,
    "gru_infer": gru.INFER,
    "gpt2_decode": decode.ENTRY,
    "resnet50_train_memory": memory.TRAIN,
    "resnet50_serve_memory": memory.SERVE,
    "resnet50_cold_start": cold_start.ENTRY,
}
