"""Each augmenter once more, one number after the other, given the same random draws: slow and plain."""

import math

import numpy as np

from heldout.random_bits import draw_bits, draw_normal, draw_uniform


def uniform(stream, shape):
    return np.asarray(draw_uniform(stream, shape), np.float64)


def signed(stream, shape):
    return 2.0 * uniform(stream, shape) - 1.0


def fold(place, last):
    """A place outside a row of pixels, reflected at the outermost ones as often as needed."""
    while last and not 0 <= place <= last:
        place = -place if place < 0 else 2 * last - place
    return place if last else 0.0


def read_between(picture, down, right):
    """Bilinear value at a place that need not be a whole pixel."""
    height, width = picture.shape[:2]
    down, right = fold(down, height - 1), fold(right, width - 1)
    total = np.zeros(picture.shape[2])
    for row in range(height):
        for column in range(width):
            weight = max(0.0, 1 - abs(down - row)) * max(0.0, 1 - abs(right - column))
            total += weight * picture[row, column]
    return total


def move_places(x, matrices):
    made = np.zeros_like(x, np.float64)
    middle = (x.shape[1] - 1) / 2, (x.shape[2] - 1) / 2
    for picture in range(len(x)):
        for row in range(x.shape[1]):
            for column in range(x.shape[2]):
                down, right = matrices[picture] @ (row - middle[0], column - middle[1])
                made[picture, row, column] = read_between(x[picture], down + middle[0], right + middle[1])
    return made


def rotate(stream, x, strength):
    angles = np.radians(signed(stream, (len(x),)) * strength)
    turns = [[[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]] for a in angles]
    return move_places(x, np.array(turns))


def zoom(stream, x, strength):
    factors = (1 + strength) ** signed(stream, (len(x),))
    return move_places(x, np.array([[[f, 0], [0, f]] for f in factors]))


def shear(stream, x, strength):
    return move_places(x, np.array([[[1, 0], [s, 1]] for s in signed(stream, (len(x),)) * strength]))


def shift(stream, x, strength):
    made = np.zeros_like(x)
    draws = signed(stream, (len(x), 2))
    for picture in range(len(x)):
        sides = x.shape[1], x.shape[2] if x.ndim == 4 else 1
        down, right = (round(draws[picture, axis] * strength * sides[axis]) for axis in (0, 1))
        for row in range(sides[0]):
            if not 0 <= row + down < sides[0]:
                continue
            if x.ndim == 3:
                made[picture, row] = x[picture, row + down]
                continue
            for column in range(sides[1]):
                if 0 <= column + right < sides[1]:
                    made[picture, row, column] = x[picture, row + down, column + right]
    return made


def turn(stream, x, strength):
    draws = uniform(stream, (len(x), 2))
    made = x.copy()
    for picture in range(len(x)):
        if draws[picture, 0] >= strength:
            continue
        square = x.shape[1] == x.shape[2]
        position = 1 + int(draws[picture, 1] * (7 if square else 3))
        one = x[picture]
        if position >= 4:
            one = np.stack([one[:, row] for row in range(one.shape[1])])
        if position % 4 >= 2:
            one = one[::-1]
        made[picture] = one[:, ::-1] if position % 2 else one
    return made


def flip(stream, x, strength):
    draws = uniform(stream, (len(x),))
    return np.stack([one[:, ::-1] if draw < strength else one for one, draw in zip(x, draws, strict=True)])


def brightness(stream, x, strength):
    return np.stack([one + strength * d for one, d in zip(x, signed(stream, (len(x),)), strict=True)])


def contrast(stream, x, strength):
    made = np.zeros_like(x, np.float64)
    for picture, draw in enumerate(signed(stream, (len(x),))):
        for channel in range(x.shape[3]):
            values = x[picture, :, :, channel].astype(np.float64)
            made[picture, :, :, channel] = values.mean() + (1 + strength) ** draw * (values - values.mean())
    return made


def smooth(picture, width):
    height, breadth = picture.shape[:2]
    made = np.zeros_like(picture, np.float64)
    weights = {
        step: math.exp(-0.5 * (step / width) ** 2) if width else float(step == 0) for step in range(-3, 4)
    }
    for row in range(height):
        for column in range(breadth):
            for down, one in weights.items():
                for right, other in weights.items():
                    seen = picture[int(fold(row + down, height - 1)), int(fold(column + right, breadth - 1))]
                    made[row, column] += one * other * seen
    return made / sum(weights.values()) ** 2


def blur(stream, x, strength):
    widths = strength * uniform(stream, (len(x),))
    return np.stack([smooth(one, width) for one, width in zip(x, widths, strict=True)])


def sharpen(stream, x, strength):
    shares = strength * uniform(stream, (len(x),))
    return np.stack([one + share * (one - smooth(one, 1.0)) for one, share in zip(x, shares, strict=True)])


def cutout(stream, x, strength):
    made = x.copy()
    height, width = x.shape[1:3]
    half = 0.5 * strength * min(height, width)
    for picture, (down, right) in enumerate(uniform(stream, (len(x), 2))):
        for row in range(height):
            for column in range(width):
                if abs(row + 0.5 - down * height) <= half and abs(column + 0.5 - right * width) <= half:
                    made[picture, row, column] = 0.0
    return made


def noise(stream, x, strength):
    return x + strength * np.asarray(draw_normal(stream, x.shape), np.float64)


def scaling(stream, x, strength):
    return np.stack([one * (1 + strength) ** d for one, d in zip(x, signed(stream, (len(x),)), strict=True)])


def swap_noise(stream, x, strength, blocks=None):
    n_rows, n_features = x.shape
    bits = np.asarray(draw_bits(stream, (n_rows, 2, n_features))).astype(np.int64)
    made = x.copy()
    for row in range(n_rows):
        for feature in range(n_features):
            first = feature
            if blocks is not None and blocks[feature] >= 0:
                first = list(blocks).index(blocks[feature])
            if (bits[row, 0, first] >> 8) / 2**24 < strength:
                donor = (row + 1 + bits[row, 1, first] % (n_rows - 1)) % n_rows
                made[row, feature] = x[donor, feature]
    return made


def keep_pairs(pairs, stayed):
    return [pair if stayed[at] and stayed[at + 1] else 0 for at, pair in enumerate(pairs)]


def pad(words, length):
    return words + [0] * (length - len(words))


def word_dropout(stream, x, strength, leading):
    draws = uniform(stream, (len(x), leading))
    made = []
    for row, draw in zip(x.tolist(), draws, strict=True):
        words, pairs = row[:leading], row[leading:]
        stayed = [bool(word) and d >= strength for word, d in zip(words, draw, strict=True)]
        stayed = stayed if any(stayed) else [bool(word) for word in words]
        made.append(
            pad([word for word, stays in zip(words, stayed, strict=True) if stays], leading)
            + keep_pairs(pairs, stayed)
        )
    return np.array(made)


def word_swap(stream, x, strength, leading):
    draws = uniform(stream, (len(x), 1 + leading))
    made = []
    for row, draw in zip(x.tolist(), draws, strict=True):
        words, pairs, stayed = row[:leading], row[leading:], [True] * leading
        for at in range(int(draw[0] < 0.5), leading - 1, 2):
            if draw[1 + at] < strength and words[at] and words[at + 1]:
                words[at], words[at + 1] = words[at + 1], words[at]
                stayed[at] = stayed[at + 1] = False
        made.append(words + keep_pairs(pairs, stayed))
    return np.array(made)


def span_deletion(stream, x, strength, leading):
    draws = uniform(stream, (len(x), 2))
    made = []
    for row, draw in zip(x.tolist(), draws, strict=True):
        words, pairs = [word for word in row[:leading] if word], row[leading:]
        span = max(0, min(round(draw[0] * strength * len(words)), len(words) - 1))
        first = int(draw[1] * (len(words) - span + 1))
        stayed = [not first <= at < first + span for at in range(leading)]
        made.append(pad(words[:first] + words[first + span :], leading) + keep_pairs(pairs, stayed))
    return np.array(made)


def mixup(stream, x, strength):
    shares = 1 - 0.5 * strength * uniform(stream, (len(x),))
    return np.stack([s * x[row] + (1 - s) * x[(row + 1) % len(x)] for row, s in enumerate(shares)])


NAIVE = {
    "rotate": rotate,
    "zoom": zoom,
    "shear": shear,
    "shift": shift,
    "turn": turn,
    "flip": flip,
    "brightness": brightness,
    "contrast": contrast,
    "blur": blur,
    "sharpen": sharpen,
    "cutout": cutout,
    "noise": noise,
    "scaling": scaling,
    "swap noise": swap_noise,
    "word dropout": word_dropout,
    "word swap": word_swap,
    "span deletion": span_deletion,
    "mixup": mixup,
}
