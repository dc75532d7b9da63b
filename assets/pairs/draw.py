#!/usr/bin/env python3
"""Draws the pictures that a model's towers are checked with, beside this file.

    pip install pillow
    python assets/pairs/draw.py

Things that every CLIP knows from a million pages, drawn as plainly as an icon,
so that the worst model that is any use tells them apart. `captions.txt` holds
a caption for each, in the order of the file names.
"""

import math
import random
from pathlib import Path

from PIL import Image, ImageDraw

HERE = Path(__file__).parent
SIDE = 256
# Drawn larger, then shrunk: smooth edges.
SCALE = 4
N = SIDE * SCALE


def canvas(color):
    image = Image.new("RGB", (N, N), color)
    return image, ImageDraw.Draw(image)


def star(draw, x, y, radius, color, points=5):
    corners = []
    for corner in range(2 * points):
        reach = radius if corner % 2 == 0 else radius * 0.4
        angle = math.pi * corner / points - math.pi / 2
        corners.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    draw.polygon(corners, fill=color)


def chessboard():
    image, draw = canvas("#f0e0c0")
    field = N / 8
    for row in range(8):
        for column in range(8):
            if (row + column) % 2:
                draw.rectangle(
                    (column * field, row * field, (column + 1) * field, (row + 1) * field),
                    fill="#5a3820")
    return image


def flag():
    image, draw = canvas("#ffffff")
    top, stripe = N * 0.2, N * 0.6 / 13
    draw.rectangle((0, 0, N, N), fill="#cfe3f5")
    for number in range(13):
        color = "#b22234" if number % 2 == 0 else "#ffffff"
        draw.rectangle((0, top + number * stripe, N, top + (number + 1) * stripe), fill=color)
    draw.rectangle((0, top, N * 0.42, top + 7 * stripe), fill="#3c3b6e")
    for row in range(5):
        for column in range(6):
            star(draw, N * (0.04 + 0.068 * column), top + stripe * (0.7 + 1.4 * row), N * 0.02,
                 "#ffffff")
    return image


def heart():
    image, draw = canvas("#ffffff")
    points = []
    for step in range(400):
        t = 2 * math.pi * step / 400
        x = 16 * math.sin(t) ** 3
        y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        points.append((N / 2 + x * N * 0.026, N * 0.47 - y * N * 0.026))
    draw.polygon(points, fill="#e0142c")
    return image


def night():
    image, draw = canvas("#060a24")
    place = random.Random(5)
    for _ in range(160):
        x, y, size = place.random() * N, place.random() * N, place.choice([2, 3, 4, 6]) * SCALE / 3
        draw.ellipse((x - size, y - size, x + size, y + size), fill="#f4f4ff")
    draw.ellipse((N * 0.58, N * 0.12, N * 0.88, N * 0.42), fill="#f6f0c8")
    for x, y, size in [(0.66, 0.2, 0.03), (0.77, 0.3, 0.04), (0.7, 0.34, 0.02)]:
        draw.ellipse((N * (x - size), N * (y - size), N * (x + size), N * (y + size)),
                     fill="#dcd4a6")
    return image


def rainbow():
    image, draw = canvas("#8cc8f0")
    colors = ["#e62020", "#f58a1c", "#f7e01e", "#30b040", "#2068d8", "#7a30b8"]
    for number, color in enumerate(colors):
        reach = N * (0.46 - 0.035 * number)
        draw.ellipse((N / 2 - reach, N * 0.72 - reach, N / 2 + reach, N * 0.72 + reach),
                     fill=color)
    reach = N * (0.46 - 0.035 * len(colors))
    draw.ellipse((N / 2 - reach, N * 0.72 - reach, N / 2 + reach, N * 0.72 + reach),
                 fill="#8cc8f0")
    draw.rectangle((0, N * 0.72, N, N), fill="#4a9c3a")
    return image


def smiley():
    image, draw = canvas("#ffffff")
    draw.ellipse((N * 0.1, N * 0.1, N * 0.9, N * 0.9), fill="#ffd93b", outline="#3a2a00",
                 width=int(N * 0.02))
    for x in (0.36, 0.64):
        draw.ellipse((N * (x - 0.05), N * 0.32, N * (x + 0.05), N * 0.48), fill="#3a2a00")
    draw.arc((N * 0.26, N * 0.3, N * 0.74, N * 0.74), 20, 160, fill="#3a2a00", width=int(N * 0.04))
    return image


def tree():
    image, draw = canvas("#dfe9f3")
    draw.rectangle((0, N * 0.86, N, N), fill="#ffffff")
    draw.rectangle((N * 0.45, N * 0.76, N * 0.55, N * 0.9), fill="#6b3f1d")
    for top, bottom, half in [(0.14, 0.4, 0.17), (0.27, 0.6, 0.25), (0.42, 0.8, 0.33)]:
        draw.polygon([(N / 2, N * top), (N * (0.5 - half), N * bottom), (N * (0.5 + half), N * bottom)],
                     fill="#14692c")
    balls = [(0.46, 0.33), (0.56, 0.37), (0.38, 0.53), (0.5, 0.48), (0.62, 0.55), (0.3, 0.72),
             (0.44, 0.66), (0.57, 0.7), (0.7, 0.74)]
    for number, (x, y) in enumerate(balls):
        color = ["#e02020", "#ffd030", "#3070e0"][number % 3]
        draw.ellipse((N * (x - 0.025), N * (y - 0.025), N * (x + 0.025), N * (y + 0.025)), fill=color)
    star(draw, N / 2, N * 0.13, N * 0.08, "#ffd030")
    return image


PICTURES = {
    "chessboard": (chessboard, "a chessboard"),
    "flag": (flag, "the American flag"),
    "heart": (heart, "a red heart"),
    "night": (night, "the full moon and stars in the night sky"),
    "rainbow": (rainbow, "a rainbow in the sky"),
    "smiley": (smiley, "a yellow smiley face"),
    "tree": (tree, "a decorated Christmas tree"),
}

for name, (draw_it, _) in PICTURES.items():
    small = draw_it().resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    small.quantize(64).save(HERE / f"{name}.png", optimize=True)
captions = "".join(f"{caption}\n" for _, caption in PICTURES.values())
(HERE / "captions.txt").write_text(captions)
