// Idioms of JAX programs, one file a field; plan/idiom.h says how they are written.
#pragma once

#include <vector>

#include "plan/idiom.h"
#include "plan/jax/catalogue.h"

namespace jaxsmith::plan {

std::vector<Op> network_idioms();        // idioms_network.cc: layers of neural networks
std::vector<Op> attention_idioms();      // idioms_network_attention.cc
std::vector<Op> network_block_idioms();  // idioms_network_blocks.cc: blocks, embeddings, heads
std::vector<Op> sequence_idioms();  // idioms_network_sequence.cc: recurrent and state-space cells
std::vector<Op>
network_training_idioms();                 // idioms_network_training.cc: low precision, derivatives
std::vector<Op> vision_geometry_idioms();  // idioms_vision_geometry.cc: crops, resampling, boxes
std::vector<Op> vision_idioms();  // idioms_vision.cc: layers for images, and what comes before them
std::vector<Op> loss_idioms();    // idioms_losses.cc: losses
std::vector<Op> training_idioms();       // idioms_training.cc: gradients and optimisers
std::vector<Op> optimizer_idioms();      // idioms_optimizers.cc: optimisers with state
std::vector<Op> metric_idioms();         // idioms_metrics.cc: how well a model does
std::vector<Op> reinforcement_idioms();  // idioms_reinforcement.cc: returns, policies, values
std::vector<Op> schedule_idioms();       // idioms_schedules.cc: rates, averages of weights
std::vector<Op> diffusion_idioms();      // idioms_diffusion.cc: diffusion, scores
std::vector<Op> generative_idioms();     // idioms_generative.cc: bounds, flows, adversaries
std::vector<Op> physics_idioms();        // idioms_physics.cc: equations of motion, control
std::vector<Op> field_idioms();          // idioms_fields.cc: fields on grids, waves
std::vector<Op> particle_idioms();       // idioms_particles.cc: pairs, spins, rotations
std::vector<Op> numerics_idioms();       // idioms_numerics.cc: linear algebra of the sciences
std::vector<Op> analysis_idioms();       // idioms_analysis.cc: interpolation, quadrature, roots
std::vector<Op> signal_idioms();         // idioms_signal.cc: spectra, filters, state estimates
std::vector<Op> finance_idioms();        // idioms_finance.cc: options, portfolios, risk
std::vector<Op> integer_idioms();        // idioms_integers.cc: bits, hashes, codes
std::vector<Op> number_idioms();         // idioms_numbers.cc: number theory, digits, small machines
std::vector<Op> array_idioms();          // idioms_arrays.cc: windows, blocks, structured matrices
std::vector<Op> scatter_idioms();      // idioms_scatter.cc: messages, sparse products, bins, merges
std::vector<Op> search_idioms();       // idioms_search.cc: searches, sorting steps, automata
std::vector<Op> algorithm_idioms();    // idioms_algorithms.cc: alignments, shortest paths, ranks
std::vector<Op> probability_idioms();  // idioms_probability.cc: mixtures, processes, chains
std::vector<Op> sampling_idioms();     // idioms_sampling.cc: particles, spins, decoding, HMMs
std::vector<Op> statistics_idioms();   // idioms_statistics.cc: densities, divergences, resampling
std::vector<Op> estimation_idioms();   // idioms_estimation.cc: regressions, tests, robust estimates
std::vector<Op> inference_idioms();    // idioms_inference.cc: weights, classes, correlations, roots
std::vector<Op> branch_idioms();       // idioms_branches.cc: steps taken or not, rules by case
std::vector<Op> branch_data_idioms();  // idioms_branches_data.cc: kinds beside the data, tokens
std::vector<Op> branch_step_idioms();  // idioms_branches_steps.cc: loops that branch at each step
std::vector<Op> nested_solver_idioms();      // idioms_nested_solvers.cc: iterations within steps
std::vector<Op> nested_training_idioms();    // idioms_nested_training.cc: loops of learning
std::vector<Op> nested_sampling_idioms();    // idioms_nested_sampling.cc: chains, restarts
std::vector<Op> nested_table_idioms();       // idioms_nested_tables.cc: tables cell by cell
std::vector<Op> nested_search_idioms();      // idioms_nested_searches.cc: trees, patterns
std::vector<Op> nested_simulation_idioms();  // idioms_nested_simulation.cc: events, automata
std::vector<Op> scalar_root_idioms();        // idioms_scalar_roots.cc: equations, means, series
std::vector<Op> scalar_integer_idioms();  // idioms_scalar_integers.cc: calendars, factors, digits
std::vector<Op> scalar_law_idioms();  // idioms_scalar_laws.cc: roots, queues, orbits, derivatives
std::vector<Op> scalar_everyday_idioms();  // idioms_scalar_everyday.cc: change, taxes, clocks, dice
std::vector<Op>
scalar_code_idioms();  // idioms_scalar_codes.cc: fractions, check digits, powers of two
std::vector<Op> scalar_motion_idioms();  // idioms_scalar_motion.cc: throws, loans, rates by loss

std::vector<Op> idiom_ops();  // all of them

}  // namespace jaxsmith::plan
