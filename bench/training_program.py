"""A training program of the usual kind, for bench/capture.py: most of its time goes into compiling and
into steps."""

import equinox as eqx
import jax
import jax.numpy as jnp
import optax


def main():
    key = jax.random.key(0)
    model = eqx.nn.MLP(16, 4, 64, 3, key=key)
    optimizer = optax.adamw(1e-3)
    state = optimizer.init(eqx.filter(model, eqx.is_array))

    @eqx.filter_jit
    def step(model, state, x, y):
        def loss(model):
            logits = jax.vmap(model)(x)
            return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

        value, gradient = eqx.filter_value_and_grad(loss)(model)
        updates, state = optimizer.update(gradient, state, eqx.filter(model, eqx.is_array))
        return eqx.apply_updates(model, updates), state, value

    @eqx.filter_jit
    def accuracy(model, x, y):
        return (jnp.argmax(jax.vmap(model)(x), axis=1) == y).mean()

    for batch in range(300):
        x = jax.random.normal(jax.random.fold_in(key, batch), (128, 16))
        y = jnp.argmax(x[:, :4], axis=1)
        model, state, value = step(model, state, x, y)
    print(f"loss {value:.3f}, accuracy {accuracy(model, x, y):.3f}")


main()
