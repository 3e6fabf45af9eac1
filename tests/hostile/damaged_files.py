"""Files that were whole once: cut off, or with a bit turned."""

import random
from collections.abc import Iterable, Mapping

__all__ = ["damaged_files", "other_files"]


def damaged_files(whole: Mapping[str, bytes], cuts: int = 14, flips: int = 14) -> dict[str, bytes]:
    """Each file cut off within every structure that its kind has, and with bits flipped there."""
    files = {}
    for kind, content in whole.items():
        chance = random.Random(kind)
        places = sorted({1, 3, 7, 8, 9, 30, len(content) - 1, len(content) - 22, *_structures(content)})
        for place in chance.sample(places, min(cuts, len(places))):
            files[f"cut-{kind}-{place}"] = content[:place]
        for place in chance.sample(range(len(content)), flips):
            flipped = bytearray(content)
            flipped[place] ^= 1 << chance.randrange(8)
            files[f"flip-{kind}-{place}"] = bytes(flipped)
        files[f"twice-{kind}"] = content + content
        files[f"backwards-{kind}"] = content[::-1]
        files[f"shifted-{kind}"] = b"\0" + content
        files[f"in-capitals-{kind}"] = content.upper()
        files[f"as-text-{kind}"] = content.decode("latin-1").encode()
        files[f"line-ends-{kind}"] = content.replace(b"\n", b"\r\n") + b"\r\n"
        files[f"zeroed-{kind}"] = content[:64] + bytes(len(content) - 64)
    return files


def _structures(content: bytes) -> Iterable[int]:
    """Places in and around what parts a file: a zip's headers, a pickle's end, a header's end, the numbers' middle."""
    yield from (len(content) * part // 7 for part in range(1, 7))
    for mark in (b"PK\3\4", b"PK\1\2", b"PK\5\6", b".data", b"}}", b"\x80\x02", b"tQ", b"u."):
        place = content.find(mark)
        if place >= 0:
            yield from (place + 1, place + len(mark), place + 17)


def other_files() -> dict[str, bytes]:
    """What is no file of weights at all."""
    return {
        "empty": b"",
        "one-byte": b"\0",
        "zeros": bytes(4096),
        "ones": b"\xff" * 4096,
        "text": b"enc.net.0.weight",
        "noise": random.Random(0).randbytes(5000),
        "png": b"\x89PNG\r\n\x1a\n" + bytes(99),
        "html": b"<!doctype html><script>alert(1)</script>",
        "json": b'{"enc.net.0.weight": [1, 2, 3]}',
        "program": b"\x7fELF\x02\x01\x01" + bytes(200),
        "script": b"#!/bin/sh\ntouch it-ran\n",
        "gzip": b"\x1f\x8b\x08\0" + bytes(99),
        "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(200),
        "tar": b"weights.pt" + bytes(247) + b"ustar\x0000" + bytes(248),
        "numpy": b"\x93NUMPY\1\0v\0{'descr': '|O', 'fortran_order': False, 'shape': (2,), }" + b" " * 56 + b"\n",
        "lfs-pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 99\n",
    }
