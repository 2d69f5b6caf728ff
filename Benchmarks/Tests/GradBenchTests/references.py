#!/usr/bin/env python3
"""Writes Conversations/*.jsonl: small inputs, and the answers by the suite's formulas in numpy.

Derivatives are complex steps, Im f(x + ih) / h with h = 1e-30, which cancel nothing and so are right to the last digits.
Needs numpy. Call it as references.py [FOLDER].
"""
import json, math, sys
from pathlib import Path

import numpy as np

random = np.random.default_rng(7)


def gradient(f, *arrays):
    """The gradient of f in each of `arrays`."""
    gradients = []
    for position, array in enumerate(arrays):
        result = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            moved = [a.astype(complex) for a in arrays]
            moved[position][index] += 1e-30j
            result[index] = np.imag(f(*moved)) / 1e-30
        gradients.append(result)
    return gradients


def lse(x, axis=-1):
    largest = np.max(np.real(x), axis=axis, keepdims=True)
    return np.log(np.sum(np.exp(x - largest), axis=axis)) + np.squeeze(largest, axis)


def llsq(x, n):
    t = -1 + 2 * np.arange(n) / (n - 1)
    return 0.5 * np.sum((np.sign(t) - sum(x[j] * t**j for j in range(len(x)))) ** 2)


def ode(x, s):
    def rate(y):
        return x * np.concatenate([[1], y[:-1]])

    y, h = 0 * x, 2 / s
    for _ in range(s):
        k1 = rate(y)
        k2 = rate(y + h / 2 * k1)
        k3 = rate(y + h / 2 * k2)
        k4 = rate(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y


def kmeans(points, centroids):
    squares = np.sum((points[:, None] - centroids[None]) ** 2, axis=2)
    nearest = np.argmin(np.real(squares), axis=1)
    return np.sum(squares[np.arange(len(points)), nearest]), np.bincount(nearest, minlength=len(centroids))


def gmm(x, gamma, m, alpha, mu, q, l):
    (n, d), k = x.shape, len(alpha)
    beta = np.zeros((n, k), dtype=complex)
    for j in range(k):
        factor = np.diag(np.exp(q[j]))
        factor[np.triu_indices(d, 1)[::-1]] = l[j]
        beta[:, j] = alpha[j] + np.sum(q[j]) - 0.5 * np.sum(((x - mu[j]) @ factor.T) ** 2, axis=1)
    degrees = d + m + 1
    log_gamma = d * (d - 1) / 4 * math.log(math.pi)
    log_gamma += sum(math.lgamma(degrees / 2 + (1 - j) / 2) for j in range(1, d + 1))
    prior = k * (degrees * d * (math.log(gamma) - 0.5 * math.log(2)) - log_gamma)
    prior -= np.sum(0.5 * gamma**2 * (np.sum(np.exp(q) ** 2) + np.sum(l**2)) - m * np.sum(q))
    return -n * d / 2 * math.log(2 * math.pi) + np.sum(lse(beta)) - n * lse(alpha) + prior


def lstm(main, extra, state, sequence):
    b, sigmoid = extra.shape[1], lambda x: 1 / (1 + np.exp(-x))
    state, total = state.astype(complex), 0
    for t in range(len(sequence) - 1):
        x = sequence[t] * extra[0]
        for i in range(0, len(main), 2):
            w, c = main[i].reshape(4, b), main[i + 1].reshape(4, b)
            forget, take = sigmoid(x * w[0] + c[0]), sigmoid(state[i] * w[1] + c[1])
            give, change = sigmoid(x * w[2] + c[2]), np.tanh(state[i] * w[3] + c[3])
            state[i + 1] = state[i + 1] * forget + take * change
            state[i] = x = give * np.tanh(state[i + 1])
        y = x * extra[1] + extra[2]
        total += np.sum(sequence[t + 1] * (y - np.log(2 + np.sum(np.exp(y)))))
    return -total / ((len(sequence) - 1) * b)


def project(camera, point, weight, feature):
    r, centre, focal, principal, k = camera[:3], camera[3:6], camera[6], camera[7:9], camera[9:]
    x = point - centre
    squared = np.sum(r * r)
    if squared == 0:
        x = x + np.cross(r, x)
    else:
        angle = np.sqrt(squared)
        w = r / angle
        x = x * np.cos(angle) + np.cross(w, x) * np.sin(angle) + w * np.sum(w * x) * (1 - np.cos(angle))
    plane = x[:2] / x[2]
    radius = np.sum(plane**2)
    return weight * (plane * (1 + k[0] * radius + k[1] * radius**2) * focal + principal - feature)


def jacobian_of_ba(camera, point, weight, feature, n, m, p):
    blocks = []
    for error in range(2):
        parts = gradient(lambda c, x, w: project(c, x, w[0], feature)[error], camera, point, np.array([weight]))
        blocks += [np.concatenate(parts).tolist()]
    rows, columns, values = [0], [], []
    for i in range(p):
        for block in blocks:
            columns += [11 * (i % n) + j for j in range(11)] + [11 * n + 3 * (i % m) + j for j in range(3)]
            columns += [11 * n + 3 * m + i]
            values += block
            rows += [len(values)]
    for i in range(p):
        columns += [11 * n + 3 * m + i]
        values += [-2 * weight]
        rows += [len(values)]
    return {name: list[:30] + list[-1:] for name, list in (("rows", rows), ("cols", columns), ("vals", values))}


def number(value):
    return float(np.real(value))


def conversations():
    """For each file the module, and its calls: function, input, expected output."""
    calls, x = [], 1.1
    for _ in range(4):
        calls += [("square", x, x * x), ("double", x * x, 2 * (x * x))]
        x = calls[-1][2]
    yield "hello", calls
    x = random.random(6)
    yield "llsq", [("primal", {"x": x, "n": 9}, number(llsq(x, 9))),
                   ("gradient", {"x": x, "n": 9}, gradient(lambda x: llsq(x, 9), x)[0])]
    x = 40 * random.random(30) - 20
    yield "lse", [("primal", {"x": x}, number(lse(x))), ("gradient", {"x": x}, gradient(lse, x)[0])]
    x = random.random(7)
    last = gradient(lambda x: ode(x, 4)[-1], x)[0]
    yield "ode", [("primal", {"x": x, "s": 4}, np.real(ode(x, 4))), ("gradient", {"x": x, "s": 4}, last),
                  ("gradient", {"x": x[:1], "s": 2}, gradient(lambda x: ode(x, 2)[-1], x[:1])[0])]
    points, centroids = random.random((40, 3)), random.random((4, 3))
    cost, counts = kmeans(points, centroids)
    slope = gradient(lambda c: kmeans(points, c)[0], centroids)[0]
    given = {"points": points, "centroids": centroids}
    yield "kmeans", [("cost", given, number(cost)), ("dir", given, slope / (2 * counts[:, None]))]
    calls = []
    for d, k, n, m, gamma in ((2, 1, 3, 0, 1.0), (4, 3, 5, 2, 1.5)):
        x, alpha, mu = random.standard_normal((n, d)), random.standard_normal(k), random.random((k, d))
        q, l = random.standard_normal((k, d)), random.standard_normal((k, d * (d - 1) // 2))
        given = {"d": d, "k": k, "n": n, "m": m, "gamma": gamma, "x": x, "alpha": alpha, "mu": mu, "q": q, "l": l}
        slopes = gradient(lambda *parameters: gmm(x, gamma, m, *parameters), alpha, mu, q, l)
        calls += [("objective", given, number(gmm(x, gamma, m, alpha, mu, q, l))),
                  ("jacobian", given, dict(zip(("alpha", "mu", "q", "l"), slopes)))]
    yield "gmm", calls
    l, c, b = 2, 5, 3
    main, extra, state = random.uniform(-1, 1, (2 * l, 4 * b)), random.random((3, b)), random.random((2 * l, b))
    sequence = random.integers(0, 2, (c, b)).astype(float)
    slopes = gradient(lambda main, extra: lstm(main, extra, state, sequence), main, extra)
    given = {"main_params": main, "extra_params": extra, "state": state, "sequence": sequence}
    yield "lstm", [("objective", given, number(lstm(main, extra, state, sequence))),
                   ("jacobian", given, np.concatenate([slope.ravel() for slope in slopes]))]
    calls = []
    for turn in (np.array([0.3, -0.5, 0.2]), np.zeros(3)):
        camera = np.concatenate([turn, [0.5, -1, 4], [500, 3, -2, 0.08, 0.003]])
        point, feature = random.random(3) - 0.5, 50 * random.random(2)
        given = {"n": 2, "m": 3, "p": 7, "cam": camera, "x": point, "w": 0.6, "feat": feature}
        errors = np.real(project(camera, point, 0.6, feature))
        objective = {"reproj_error": {"elements": errors, "repeated": 7}, "w_err": {"element": 1 - 0.36, "repeated": 7}}
        calls += [("objective", given, objective),
                  ("jacobian", given, jacobian_of_ba(camera, point, 0.6, feature, 2, 3, 7))]
    yield "ba", calls


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "Conversations")
    for module, calls in conversations():
        messages = [({"kind": "start", "eval": module}, {}), ({"kind": "define", "module": module}, {"success": True})]
        for function, given, output in calls:
            limits = {"min_runs": 2, "min_seconds": 0.0}
            message = {"kind": "evaluate", "module": module, "function": function,
                       "input": {**given, **limits} if isinstance(given, dict) else given}
            messages.append((message, {"success": True, "output": output}))
        with open(folder / f"{module}.jsonl", "w") as file:
            for number, (message, response) in enumerate(messages):
                for key, value in (("message", message), ("response", response)):
                    json.dump({key: {"id": number, **value}}, file, default=lambda array: array.tolist())
                    file.write("\n")


main()
