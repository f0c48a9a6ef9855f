"""One network's training in plain numpy, without dropout: what the compiled program is compared with.

Only the random draws (first weights, order of rows) and the step sizes come from the program's own functions.
Gradients, Adam, penalties, weights of rows and the recorded losses are written out once more, in float64.
"""

import jax
import numpy as np
from scipy.special import expit, log_softmax, softmax

from heldout.nets import draw_params, list_layers
from heldout.random_bits import Stream, draw_permutation
from heldout.records import Task
from heldout.train import member as made


def train_naively(shape, tensors, hyper, *, seed, fold, n_epochs):
    """Layers after `n_epochs`, the curves [n_epochs, 2], and the validation losses of the last epoch."""
    start = draw_params(list_layers(shape.net), seed)
    params = [np.array(part, np.float64) for layer in start for part in layer]
    means, squares = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
    x, y = tensors.features[fold].astype(np.float64), tensors.target[fold].astype(np.float64)
    if shape.task is Task.MULTILABEL:
        y = np.array([tensors.sets[int(number)] for number in y], np.float64)
    rates = read_rates(shape, hyper.learning_rate)
    curves, losses = [], []
    for epoch in range(n_epochs):
        for step, rows in enumerate(draw_batches(shape, seed, epoch, tensors.fit_rows.shape[1])):
            weight = tensors.fit_weight[fold, rows].astype(np.float64)
            batch = tensors.fit_rows[fold, rows][
                weight > 0
            ]  # padding and rows of weight zero do not exist here
            weight = weight[weight > 0]
            gradients = differentiate(shape.task, params, x[batch], y[batch], weight, hyper)
            count = epoch * shape.n_steps + step + 1
            rate = rates[count - 1]
            for index, gradient in enumerate(gradients):
                means[index] = made.ADAM_DECAY_MEAN * means[index] + (1 - made.ADAM_DECAY_MEAN) * gradient
                squares[index] = (
                    made.ADAM_DECAY_SQUARE * squares[index] + (1 - made.ADAM_DECAY_SQUARE) * gradient**2
                )
                mean = means[index] / (1 - made.ADAM_DECAY_MEAN**count)
                square = squares[index] / (1 - made.ADAM_DECAY_SQUARE**count)
                step_size = rate / (np.sqrt(square) + made.ADAM_EPSILON)
                params[index] = params[index] - step_size * mean
                if index % 2 == 0:  # weights shrink by L1, biases do not
                    limit = step_size * hyper.l1[index // 2]
                    params[index] = np.sign(params[index]) * np.maximum(np.abs(params[index]) - limit, 0)
        real = tensors.fit_rows[fold][tensors.fit_weight[fold] > 0]
        held = tensors.validation_rows[fold][tensors.validation_mask[fold] > 0]
        losses = lose(shape.task, run_forward(params, x[held])[-1], y[held])
        curves.append([lose(shape.task, run_forward(params, x[real])[-1], y[real]).mean(), losses.mean()])
    return params, np.array(curves), losses


def read_rates(shape, learning_rate):
    """The step size of every step of a training."""
    counts = np.arange(shape.n_epochs * shape.n_steps)
    return np.asarray(
        jax.jit(jax.vmap(lambda count: made._learning_rate(shape, np.float32(learning_rate), count)))(counts)
    )


def draw_batches(shape, seed, epoch, n_fit):
    order = np.asarray(draw_permutation(Stream(seed, made.PURPOSE_ORDER, epoch, 0), n_fit))
    around = np.tile(order, 2)
    return [around[step * shape.batch_size :][: shape.batch_size] for step in range(shape.n_steps)]


def run_forward(params, x):
    """The inputs of every layer, then the outputs."""
    values = [x]
    for layer in range(0, len(params), 2):
        x = x @ params[layer] + params[layer + 1]
        if layer < len(params) - 2:
            x = np.maximum(x, 0)
        values.append(x)
    return values


def lose(task, outputs, y):
    if task is Task.REGRESSION:
        return (outputs[:, 0] - y) ** 2
    if task is Task.MULTILABEL:
        p = expit(outputs)
        return -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=1)
    if task is Task.BINARY:
        p = expit(outputs[:, 0])
        return -(y * np.log(p) + (1 - y) * np.log(1 - p))
    return -log_softmax(outputs, axis=1)[np.arange(len(y)), y.astype(int)]


def differentiate(task, params, x, y, weight, hyper):
    """Gradients of the weighted mean loss plus L2, layer by layer from the outputs back."""
    values = run_forward(params, x)
    outputs, smoothing = values[-1], hyper.label_smoothing
    if task is Task.REGRESSION:
        slope = 2 * (outputs - y[:, None])
    elif task is Task.MULTILABEL:
        slope = expit(outputs) - ((1 - smoothing) * y + smoothing / 2)
    elif task is Task.BINARY:
        slope = expit(outputs) - ((1 - smoothing) * y + smoothing / 2)[:, None]
    else:
        n_classes = outputs.shape[1]
        slope = softmax(outputs, axis=1) - (
            (1 - smoothing) * np.eye(n_classes)[y.astype(int)] + smoothing / n_classes
        )
    slope = slope * (weight / weight.sum())[:, None]
    gradients = []
    for layer in range(len(params) // 2 - 1, -1, -1):
        w = params[2 * layer]
        gradients = [values[layer].T @ slope + 2 * hyper.l2[layer] * w, slope.sum(axis=0), *gradients]
        slope = (slope @ w.T) * (values[layer] > 0)
    return gradients
