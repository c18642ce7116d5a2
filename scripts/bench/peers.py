"""The peers in the bench: PyTorch, JAX and scikit-learn, each in the best form we know."""

import math
from itertools import pairwise
from typing import Any

import numpy as np

from bench.kernels import of_torch, of_xla
from bench.work import BETAS, EPSILON, Contestant, Work, joined


class Torch(Contestant):
    """PyTorch as its tutorials write it: Linear, Sigmoid, SGD or its quickest Adam, autograd."""

    package = "torch"
    equal = True

    def __init__(self, work: Work):
        import torch

        super().__init__(work)
        self.torch = torch
        torch.set_num_threads(work.threads)
        self.x, self.y = torch.from_numpy(work.x), torch.from_numpy(work.y)
        if work.kind == "epoch":
            self.order = torch.from_numpy(work.array("order"))
        if work.optimizer == "adam":
            self.note = "Adam(fused=True)"
        activation = {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid}[work.activation]
        layers = [
            layer
            for n, m in pairwise(work.shape)
            for layer in (torch.nn.Linear(n, m), activation())
        ]
        self.model = torch.nn.Sequential(*layers[: -1 if work.softmax else None])

    def cost(self, a: Any, y: Any) -> Any:
        """Return the mean cost of outputs, which are before softmax where there is one."""
        if self.work.softmax:
            return self.torch.nn.functional.cross_entropy(a, y)
        return 0.5 * (a - y).square().sum() / a.shape[0]

    def reset(self) -> None:
        W, b = self.work.parts
        with self.torch.no_grad():
            for layer, w, row in zip(self.model[::2], W, b):
                layer.weight.copy_(self.torch.from_numpy(w.T))
                layer.bias.copy_(self.torch.from_numpy(row))

    def epoch(self) -> float:
        rules, params = self.torch.optim, self.model.parameters()
        if self.work.optimizer == "adam":
            rule = rules.Adam(params, self.work.lr, betas=BETAS, eps=EPSILON, fused=True)
        else:
            rule = rules.SGD(params, lr=self.work.lr)
        total = self.torch.zeros(())
        for chosen in self.order.split(self.work.batch):
            x, y = self.x[chosen], self.y[chosen]
            rule.zero_grad()
            cost = self.cost(self.model(x), y)
            cost.backward()
            rule.step()
            total += cost.detach() * len(x)
        return float(total.item() / len(self.order))

    def predict(self) -> np.ndarray:
        with self.torch.inference_mode():
            return np.asarray(self.model(self.x).argmax(dim=1).numpy())

    def weights(self) -> np.ndarray:
        layers = [[part.detach().numpy() for part in one.parameters()] for one in self.model[::2]]
        return joined([w.T for w, _ in layers], [row for _, row in layers])

    def kernels(self) -> str:
        return of_torch(self.torch)


class TorchCompiled(Torch):
    """PyTorch with the whole step, gradients and update included, as one compiled function."""

    def __init__(self, work: Work):
        super().__init__(work)
        self.note = "the whole step is one compiled function of the weights, the quickest form we "
        self.note += "know"
        torch, lr = self.torch, work.lr

        def cost(W: Any, b: Any, x: Any, y: Any) -> Any:
            a = x
            for w, row in zip(W[:-1], b[:-1]):
                z = a @ w + row
                a = torch.relu(z) if work.activation == "relu" else torch.sigmoid(z)
            z = a @ W[-1] + b[-1]
            return self.cost(z if work.softmax else torch.sigmoid(z), y)

        slopes_and_cost = torch.func.grad_and_value(cost, argnums=(0, 1))

        def sgd(W: Any, b: Any, x: Any, y: Any) -> Any:
            slopes, total = slopes_and_cost(W, b, x, y)
            for part, slope in zip((*W, *b), (*slopes[0], *slopes[1])):
                part.sub_(slope, alpha=lr)
            return total

        def adam(W: Any, b: Any, x: Any, y: Any, means: Any, squares: Any, free: Any) -> Any:
            slopes, total = slopes_and_cost(W, b, x, y)
            parts = zip((*W, *b), (*slopes[0], *slopes[1]), means, squares)
            for part, slope, mean, square in parts:
                mean.lerp_(slope, 1 - BETAS[0])
                square.mul_(BETAS[1]).addcmul_(slope, slope, value=1 - BETAS[1])
                part.sub_(lr * free[0] * mean / ((square * free[1]).sqrt() + EPSILON))
            return total

        self.step = torch.compile({"sgd": sgd, "adam": adam}[work.optimizer], fullgraph=True)

    def reset(self) -> None:
        self.W, self.b = (
            [self.torch.from_numpy(part.copy()) for part in parts] for parts in self.work.parts
        )

    def epoch(self) -> float:
        torch, memory = self.torch, []
        total, parts = torch.zeros(()), (*self.W, *self.b)
        if self.work.optimizer == "adam":
            memory = [[torch.zeros_like(part) for part in parts] for _ in BETAS]
        with torch.no_grad():
            for t, chosen in enumerate(self.order.split(self.work.batch), 1):
                x, y = self.x[chosen], self.y[chosen]
                # As tensors: a number that changes would be compiled anew.
                free = [[torch.tensor(1 / (1 - beta**t)) for beta in BETAS]] if memory else []
                total += self.step(self.W, self.b, x, y, *memory, *free) * len(x)
        return float(total.item() / len(self.order))

    def weights(self) -> np.ndarray:
        return joined([w.numpy() for w in self.W], [row.numpy() for row in self.b])


class Jax(Contestant):
    """JAX with one compiled step, called once for each minibatch, which numpy gathers."""

    package = "jax"
    equal = True

    def __init__(self, work: Work):
        import jax

        super().__init__(work)
        self.jax, numbers, mapped = jax, jax.numpy, jax.tree.map

        def outputs(params: Any, a: Any) -> Any:  # before the last activation
            for w, row in zip(params[0][:-1], params[1][:-1]):
                z = a @ w + row
                a = jax.nn.relu(z) if work.activation == "relu" else jax.nn.sigmoid(z)
            return a @ params[0][-1] + params[1][-1]

        def cost(params: Any, x: Any, y: Any) -> Any:
            z = outputs(params, x)
            if work.softmax:
                return -numbers.sum(y * jax.nn.log_softmax(z)) / x.shape[0]
            return 0.5 * numbers.sum((jax.nn.sigmoid(z) - y) ** 2) / x.shape[0]

        def sgd(params: Any, slopes: Any, memory: Any) -> Any:
            return mapped(lambda part, slope: part - work.lr * slope, params, slopes), memory

        def adam(params: Any, slopes: Any, memory: Any) -> Any:
            means, squares, t = memory
            t = t + 1

            def remember(beta: float, old: Any, new: Any) -> Any:
                return mapped(lambda mean, now: beta * mean + (1 - beta) * now, old, new)

            means = remember(BETAS[0], means, slopes)
            squares = remember(BETAS[1], squares, mapped(numbers.square, slopes))
            # 1 / (1 - beta**t), written so that float32 keeps its digits
            free = [-1 / numbers.expm1(t * math.log(beta)) for beta in BETAS]

            def stepped(part: Any, mean: Any, square: Any) -> Any:
                root = numbers.sqrt(square * free[1]) + EPSILON
                return part - work.lr * free[0] * mean / root

            return mapped(stepped, params, means, squares), (means, squares, t)

        update = {"sgd": sgd, "adam": adam}[work.optimizer]

        def step(state: Any, x: Any, y: Any) -> Any:
            params, memory = state
            total, slopes = jax.value_and_grad(cost)(params, x, y)
            return update(params, slopes, memory), total

        def epoch(state: Any, x: Any, y: Any, order: Any) -> Any:
            # Every minibatch is gathered inside, from x on the device.
            return jax.lax.scan(lambda now, chosen: step(now, x[chosen], y[chosen]), state, order)

        self.step = jax.jit(step, donate_argnums=0)
        self.scan = jax.jit(epoch, donate_argnums=0)
        self.classes = jax.jit(lambda params, x: outputs(params, x).argmax(axis=1))
        if work.kind == "epoch":
            self.order = work.array("order").astype(np.int32)
        else:
            self.note = "one compiled call"
        self.prepare()

    def prepare(self) -> None:
        """Put the images where this form of JAX reads them."""
        self.x, self.y = self.work.x, self.work.y
        if self.work.kind == "predict":
            self.x = self.jax.device_put(self.x)

    def reset(self) -> None:
        self.params = self.jax.tree.map(self.jax.numpy.array, self.work.parts)
        self.jax.block_until_ready(self.params)

    def memory(self) -> Any:
        """Return what the optimizer remembers before the first step."""
        if self.work.optimizer == "sgd":
            return ()
        zeros = [self.jax.tree.map(self.jax.numpy.zeros_like, self.params) for _ in BETAS]
        return (*zeros, self.jax.numpy.float32(0))

    def epoch(self) -> float:
        costs, batch, memory = [], self.work.batch, self.memory()
        for start in range(0, len(self.order), batch):
            chosen = self.order[start : start + batch]
            state = self.params, memory
            (self.params, memory), cost = self.step(state, self.x[chosen], self.y[chosen])
            costs.append(cost)
        self.jax.block_until_ready(self.params)
        weights = np.full(len(costs), batch)
        weights[-1] = len(self.order) - batch * (len(costs) - 1)
        return float(weights @ np.stack(self.jax.device_get(costs)) / len(self.order))

    def predict(self) -> np.ndarray:
        return np.asarray(self.classes(self.params, self.x))

    def weights(self) -> np.ndarray:
        return joined(*self.jax.device_get(self.params))

    def kernels(self) -> str:
        few = slice(0, self.work.batch)
        if self.work.kind == "predict":
            lowered = self.classes.lower(self.params, self.x)
        else:
            state = self.params, self.memory()
            lowered = self.step.lower(state, self.work.x[few], self.work.y[few])
        return of_xla(lowered.compile())


class JaxScanned(Jax):
    """JAX with the whole epoch compiled into one call."""

    def prepare(self) -> None:
        self.x, self.y = self.jax.device_put((self.work.x, self.work.y))

    def epoch(self) -> float:
        batch, count, total, memory = self.work.batch, len(self.order), 0.0, self.memory()
        full = count - count % batch
        for chosen in self.order[:full].reshape(-1, batch), self.order[full:].reshape(1, -1):
            if chosen.size:
                state = self.params, memory
                (self.params, memory), costs = self.scan(state, self.x, self.y, chosen)
                total += float(costs.sum()) * chosen.shape[1]
        self.jax.block_until_ready(self.params)
        return total / count


class Sklearn(Contestant):
    """scikit-learn's MLPClassifier, the nearest that it has."""

    package = "sklearn"

    def __init__(self, work: Work):
        from sklearn.neural_network import MLPClassifier

        super().__init__(work)
        activation = {"relu": "relu", "sigmoid": "logistic"}[work.activation]
        lr = work.lr if work.softmax else work.lr / 10
        self.equal = work.softmax and work.optimizer == "sgd"
        if work.kind == "epoch" and not work.softmax:
            self.note = (
                "softmax and log loss, at a tenth of the learning rate: its classifier has no "
                "squared error, and its regressor no sigmoid at the output"
            )
        if work.optimizer == "adam":
            self.note = (
                "its epsilon is added before the means are freed of their start at 0, which makes "
                "it up to 30 times as large in the first steps: other weights, as much work"
            )
        self.model = MLPClassifier(
            work.shape[1:-1], activation=activation, solver=work.optimizer, alpha=0, momentum=0,
            nesterovs_momentum=False, learning_rate_init=lr, shuffle=False, max_iter=1,
            beta_1=BETAS[0], beta_2=BETAS[1], epsilon=EPSILON,
            batch_size=min(work.batch, len(work.x)),
        )  # fmt: skip
        self.labels = work.y.argmax(axis=1)
        few = slice(0, work.batch)
        self.model.partial_fit(work.x[few], self.labels[few], classes=np.arange(work.shape[-1]))
        if work.kind == "epoch":
            self.order = work.array("order")

    def reset(self) -> None:
        W, b = self.work.parts
        for mine, first in zip((*self.model.coefs_, *self.model.intercepts_), (*W, *b)):
            mine[:] = first  # in place: its optimizer holds these very arrays
        if self.work.optimizer == "adam":
            del self.model._optimizer  # which remembers; a new one is made in the epoch

    def epoch(self) -> float:
        # Shuffled here, because by itself it would choose an order of its own.
        self.model.partial_fit(self.work.x[self.order], self.labels[self.order])
        return float(self.model.loss_)

    def predict(self) -> np.ndarray:
        return np.asarray(self.model.predict(self.work.x))

    def weights(self) -> np.ndarray:
        return joined(self.model.coefs_, self.model.intercepts_)
