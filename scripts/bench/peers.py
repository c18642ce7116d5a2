"""The peers in the bench: PyTorch, JAX and scikit-learn, each in the best form we know."""

from itertools import pairwise
from typing import Any

import numpy as np

from bench.kernels import of_torch, of_xla
from bench.work import Contestant, Work, joined


class Torch(Contestant):
    """PyTorch as its tutorials write it: Linear, Sigmoid, SGD, autograd."""

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
        activation = torch.nn.ReLU if work.relu else torch.nn.Sigmoid
        layers = [
            layer
            for n, m in pairwise(work.shape)
            for layer in (torch.nn.Linear(n, m), activation())
        ]
        self.model = torch.nn.Sequential(*layers[: -1 if work.relu else None])

    def cost(self, a: Any, y: Any) -> Any:
        """Return the mean cost of outputs, which are before softmax where there is one."""
        if self.work.relu:
            return self.torch.nn.functional.cross_entropy(a, y)
        return 0.5 * (a - y).square().sum() / a.shape[0]

    def reset(self) -> None:
        W, b = self.work.parts
        with self.torch.no_grad():
            for layer, w, row in zip(self.model[::2], W, b):
                layer.weight.copy_(self.torch.from_numpy(w.T))
                layer.bias.copy_(self.torch.from_numpy(row))

    def epoch(self) -> float:
        rule = self.torch.optim.SGD(self.model.parameters(), lr=self.work.lr)
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

    note = "the whole step is one compiled function of the weights, the quickest form we know"

    def __init__(self, work: Work):
        super().__init__(work)
        torch, lr = self.torch, work.lr

        def cost(W: Any, b: Any, x: Any, y: Any) -> Any:
            a = x
            for w, row in zip(W[:-1], b[:-1]):
                z = a @ w + row
                a = torch.relu(z) if work.relu else torch.sigmoid(z)
            z = a @ W[-1] + b[-1]
            return self.cost(z if work.relu else torch.sigmoid(z), y)

        slopes_and_cost = torch.func.grad_and_value(cost, argnums=(0, 1))

        def step(W: Any, b: Any, x: Any, y: Any) -> Any:
            slopes, total = slopes_and_cost(W, b, x, y)
            for part, slope in zip((*W, *b), (*slopes[0], *slopes[1])):
                part.sub_(slope, alpha=lr)
            return total

        self.step = torch.compile(step, fullgraph=True)

    def reset(self) -> None:
        self.W, self.b = (
            [self.torch.from_numpy(part.copy()) for part in parts] for parts in self.work.parts
        )

    def epoch(self) -> float:
        total = self.torch.zeros(())
        with self.torch.no_grad():
            for chosen in self.order.split(self.work.batch):
                x, y = self.x[chosen], self.y[chosen]
                total += self.step(self.W, self.b, x, y) * len(x)
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
        self.jax, numbers = jax, jax.numpy

        def outputs(params: Any, a: Any) -> Any:  # before the last activation
            for w, row in zip(params[0][:-1], params[1][:-1]):
                z = a @ w + row
                a = jax.nn.relu(z) if work.relu else jax.nn.sigmoid(z)
            return a @ params[0][-1] + params[1][-1]

        def cost(params: Any, x: Any, y: Any) -> Any:
            z = outputs(params, x)
            if work.relu:
                return -numbers.sum(y * jax.nn.log_softmax(z)) / x.shape[0]
            return 0.5 * numbers.sum((jax.nn.sigmoid(z) - y) ** 2) / x.shape[0]

        def step(params: Any, x: Any, y: Any) -> Any:
            total, slopes = jax.value_and_grad(cost)(params, x, y)
            stepped = jax.tree.map(lambda part, slope: part - work.lr * slope, params, slopes)
            return stepped, total

        def epoch(params: Any, x: Any, y: Any, order: Any) -> Any:
            # Every minibatch is gathered inside, from x on the device.
            return jax.lax.scan(lambda now, chosen: step(now, x[chosen], y[chosen]), params, order)

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

    def epoch(self) -> float:
        costs, batch = [], self.work.batch
        for start in range(0, len(self.order), batch):
            chosen = self.order[start : start + batch]
            self.params, cost = self.step(self.params, self.x[chosen], self.y[chosen])
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
            lowered = self.step.lower(self.params, self.work.x[few], self.work.y[few])
        return of_xla(lowered.compile())


class JaxScanned(Jax):
    """JAX with the whole epoch compiled into one call."""

    def prepare(self) -> None:
        self.x, self.y = self.jax.device_put((self.work.x, self.work.y))

    def epoch(self) -> float:
        batch, count, total = self.work.batch, len(self.order), 0.0
        full = count - count % batch
        for chosen in self.order[:full].reshape(-1, batch), self.order[full:].reshape(1, -1):
            if chosen.size:
                self.params, costs = self.scan(self.params, self.x, self.y, chosen)
                total += float(costs.sum()) * chosen.shape[1]
        self.jax.block_until_ready(self.params)
        return total / count


class Sklearn(Contestant):
    """scikit-learn's MLPClassifier, the nearest that it has."""

    package = "sklearn"

    def __init__(self, work: Work):
        from sklearn.neural_network import MLPClassifier

        super().__init__(work)
        activation, lr, self.equal = "relu", work.lr, work.relu
        if not work.relu:
            activation, lr = "logistic", work.lr / 10
        if work.kind == "epoch" and not work.relu:
            self.note = (
                "softmax and log loss, at a tenth of the learning rate: its classifier has no "
                "squared error, and its regressor no sigmoid at the output"
            )
        self.model = MLPClassifier(
            work.shape[1:-1], activation=activation, solver="sgd", alpha=0, momentum=0,
            nesterovs_momentum=False, learning_rate_init=lr, shuffle=False, max_iter=1,
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

    def epoch(self) -> float:
        # Shuffled here, because by itself it would choose an order of its own.
        self.model.partial_fit(self.work.x[self.order], self.labels[self.order])
        return float(self.model.loss_)

    def predict(self) -> np.ndarray:
        return np.asarray(self.model.predict(self.work.x))

    def weights(self) -> np.ndarray:
        return joined(self.model.coefs_, self.model.intercepts_)
