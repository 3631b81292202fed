#include "plan/jax/idioms_flows.h"

namespace jaxsmith::plan {

const std::vector<Flow>& flows() {
  static const std::vector<Flow> kAll = {
      {{"integrate_pendulum"},
       "a damped pendulum",
       {"jnp.stack([{y}[1], -{k} * jnp.sin({y}[0]) - 0.2 * {y}[1]])",
        "jnp.array([{y}[1], -{k} * jnp.sin({y}[0]) - 0.1 * {y}[1]])"},
       {-2, 2},
       {1, 4}},
      {{"integrate_oscillator"},
       "a damped oscillator",
       {"jnp.stack([{y}[1], -{k} * {y}[0] - 0.3 * {y}[1]])",
        "jnp.array([{y}[1], -{k} * {y}[0] - 0.2 * {y}[1]])"},
       {-1.5, 1.5},
       {1, 2.5}},
      {{"integrate_van_der_pol"},
       "the Van der Pol oscillator",
       {"jnp.stack([{y}[1], {k} * (1.0 - {y}[0] ** 2) * {y}[1] - {y}[0]])",
        "jnp.array([{y}[1], {k} * (1.0 - {y}[0] ** 2) * {y}[1] - {y}[0]])"},
       {-2, 2},
       {0.8, 1.5}},
      {{"integrate_duffing"},
       "a particle in a double well with friction",
       {"jnp.stack([{y}[1], {y}[0] - {k} * {y}[0] ** 3 - 0.3 * {y}[1]])",
        "jnp.array([{y}[1], {y}[0] * (1.0 - {k} * {y}[0] ** 2) - 0.2 * {y}[1]])"},
       {-1.5, 1.5},
       {0.8, 1.5}},
      {{"integrate_populations", "lotka_volterra"},
       "predators and prey",
       {"jnp.stack([{k} * {y}[0] * (1.0 - {y}[1]), {y}[1] * ({y}[0] - 1.0)])",
        "{y} * jnp.array([{k} * (1.0 - {y}[1]), {y}[0] - 1.0])"},
       {0.4, 2.2},
       {1, 2}},
      {{"integrate_competition"},
       "two species that compete",
       {"{y} * ({k} - {y} - 0.5 * {y}[::-1])", "{k} * {y} * (1.0 - 0.6 * {y} - 0.3 * {y}[::-1])"},
       {0.2, 1.8},
       {1, 2.5}},
      {{"integrate_neuron", "fitzhugh_nagumo"},
       "the FitzHugh-Nagumo neuron",
       {"jnp.stack([{y}[0] - {y}[0] ** 3 / 3.0 - {y}[1] + {k}, 0.2 * ({y}[0] + 0.7 - 0.8 * "
        "{y}[1])])",
        "jnp.array([{y}[0] - {y}[0] ** 3 / 3.0 - {y}[1] + {k}, 0.1 * ({y}[0] + 0.7 - 0.8 * "
        "{y}[1])])"},
       {-2, 2},
       {0.3, 0.8}},
      {{"integrate_reaction"},
       "a reaction with an intermediate",
       {"jnp.stack([-{k} * {y}[0], {k} * {y}[0] - 0.5 * {y}[1]])",
        "jnp.array([-{k} * {y}[0], {k} * {y}[0] - 0.4 * {y}[1]])"},
       {0.4, 1.6},
       {1, 2.5}},
      {{"integrate_autocatalysis"},
       "a fed autocatalytic reaction",
       {"jnp.stack([0.5 - {k} * {y}[0] * {y}[1], {k} * {y}[0] * {y}[1] - {y}[1]])",
        "jnp.array([0.2 - {k} * {y}[0] * {y}[1], {y}[1] * ({k} * {y}[0] - 1.0)])"},
       {0.4, 1.6},
       {1, 2.5}}};
  return kAll;
}

}  // namespace jaxsmith::plan
