#include "plan/jax/catalogue.h"

#include "plan/jax/call_forms.h"
#include "plan/jax/call_table.h"
#include "plan/jax/dialects.h"
#include "plan/jax/idioms.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/preparations.h"
#include "plan/jax/settings.h"
#include "plan/jax/spread.h"
#include "plan/jax/studies.h"
#include "plan/jax/surveys.h"
#include "plan/jax/vocabulary.h"
#include "plan/jax/wholes.h"
#include "plan/planner.h"
#include "plan/turns.h"

namespace jaxsmith::plan {
namespace {

// In the order of kArithmetic, kMath …
std::vector<CategoryProfile> profiles() {
  return {
      {.name = "arithmetic",
       .share = 0.5,
       .complex_share = 0.06,
       .scalar_share = 0.55,
       .verbs = {"blend", "adjust", "mix", "balance", "rescale", "combine", "offset", "weigh"}},
      // A third of all functions of JAX are of it.
      {.name = "math",
       .share = 0.35,
       .families = 7,
       .scalar_share = 0.5,
       .verbs = {"warp", "shape", "modulate", "squash", "transform", "activate", "dampen",
                 "curve"}},
      {.name = "array",
       .share = 0.2,
       .verbs = {"arrange", "tile", "reorder", "unfold", "pack", "assemble", "layout", "stitch"}},
      {.name = "linear_algebra",
       .share = 0.15,
       .integer_share = 0.05,
       .complex_share = 0.06,
       .matrix_share = 0.6,
       .verbs = {"project", "solve", "factor", "whiten", "decompose", "rotate", "correlate",
                 "align"},
       .matrices = {"matrix", "mat", "basis", "transform", "features", "operator_matrix"}},
      {.name = "reduction",
       .share = 0.25,
       .bool_share = 0.12,
       .verbs = {"summarize", "pool", "aggregate", "collapse", "measure", "score", "rank",
                 "condense"}},
      {.name = "indexing",
       .share = 0.12,
       .integer_share = 0.25,
       .verbs = {"gather", "select", "lookup", "scatter", "pick", "slice_out", "update", "place"}},
      // A derivative of derivatives is seldom worth its size, a map over devices has no other
      // members: more families, since they have fewer members.
      {.name = "gradient",
       .share = 0.02,
       .own_share = 0.8,
       .has_bodies = true,
       .families = 5,
       .integer_share = 0.05,
       .scalar_share = 0.4,
       .verbs = {"tune", "differentiate", "descend", "fit", "sensitivity_of", "optimize", "refine",
                 "learn"},
       .arrays = {"inputs", "values", "features", "x", "data", "points", "samples"}},
      // One family in eight spreads over devices.
      {.name = "vectorization",
       .share = 0.03,
       .own_share = 0.8,
       .has_bodies = true,
       .families = 5,
       .device_share = 0.125,
       .verbs = {"batch", "map", "spread", "pairwise", "vectorize", "apply_over", "each",
                 "broadcast"}},
      {.name = "conditional",
       .share = 0.15,
       .own_share = 0.8,
       .has_bodies = true,
       .branch_share = 0.72,
       .integer_share = 0.25,
       .bool_share = 0.12,
       .scalar_share = 0.5,
       .verbs = {"choose", "gate", "route", "switch", "guard", "branch_on", "limit", "mask_out"}},
      {.name = "loop",
       .share = 0.02,
       .own_share = 0.8,
       .has_bodies = true,
       .scalar_share = 0.55,
       .keeps_loops = true,
       .verbs = {"iterate", "roll", "simulate", "relax", "accumulate", "evolve", "smooth",
                 "propagate"},
       .arrays = {"inputs", "series", "positions", "signal", "samples", "values"}},
  };
}

Vocabulary vocabulary() {
  return {.categories = profiles(),
          .usual_prefixes = {"jnp.", "jax."},
          .lower_prefixes = {"lax."},
          .imports = {{"jax", "import jax"},
                      {"jnp", "import jax.numpy as jnp"},
                      {"np", "import numpy as np"},
                      {"lax", "from jax import lax"},
                      {"functools", "import functools"},
                      {"jit", "from jax import jit"},
                      {"partial", "from functools import partial"},
                      {"dataclass", "from dataclasses import dataclass"},
                      {"NamedTuple", "from typing import NamedTuple"},
                      {"jsp", "import jax.scipy as jsp"},
                      {"P", "from jax.sharding import PartitionSpec as P"},
                      {"special", "from jax.scipy import special"},
                      {"random", "from jax import random"},
                      {"jr", "import jax.random as jr"},
                      {"minimize", "from jax.scipy.optimize import minimize"},
                      {"Rotation", "from jax.scipy.spatial.transform import Rotation"},
                      {"Slerp", "from jax.scipy.spatial.transform import Slerp"},
                      {"RegularGridInterpolator",
                       "from jax.scipy.interpolate import RegularGridInterpolator"},
                      {"solve_triangular", "from jax.scipy.linalg import solve_triangular"},
                      {"cho_solve", "from jax.scipy.linalg import cho_solve"},
                      {"logsumexp", "from jax.scipy.special import logsumexp"}},
          .attributes_of = {{"lax", "jax"}},
          .annotation = "jax.Array",
          .inverses = {{"exp", "log"},
                       {"exp2", "log2"},
                       {"expm1", "log1p"},
                       {"square", "sqrt"},
                       {"cube", "cbrt"},
                       {"sin", "arcsin"},
                       {"cos", "arccos"},
                       {"tan", "arctan"},
                       {"tanh", "arctanh"},
                       {"cosh", "arccosh"},
                       {"sinh", "arcsinh"},
                       {"fft", "ifft"},
                       {"sigmoid", "logit"},
                       {"radians", "degrees"},
                       {"erf", "erfinv"},
                       {"ndtr", "ndtri"}},
          .containers = true,
          .stack = "jnp.stack",
          .compiler = "jax.jit",
          .static_names = "static_argnames",
          .static_places = "static_argnums",
          .dataclass_decorator = "jax.tree_util.register_dataclass",
          .dtype_text = dtype_text,
          .gradient = gradient_member,
          .mapped = vmap_member,
          .spread = spread_arguments,
          .dialects = dialects(),
          .preparations = preparations(),
          .calls = known_calls(),
          .control = control_forms(),
          .reasons = call_reasons(),
          .argument_reasons = argument_reasons(),
          .settings = setting_tables(),
          .names_of_made = names_of_made(),
          .names_by_hint = names_by_hint()};
}

std::vector<Op> all_ops() {
  std::vector<Op> all;
  for (auto* table :
       {arithmetic_ops, math_ops,        array_ops,         linear_algebra_ops, reduction_ops,
        indexing_ops,   gradient_ops,    vectorization_ops, conditional_ops,    loop_ops,
        idiom_ops,      random_ops,      statistics_ops,    scipy_ops,          call_table_ops,
        survey_ops,     custom_rule_ops, setting_ops,       study_ops,          whole_ops,
        preparation_ops}) {
    for (Op& op : table()) all.push_back(std::move(op));
  }
  return all;
}

// What `make calibrate` has fitted.
NamedWeights calibration() {
  NamedWeights out;
#define ENTRY(name, factor) out.entries[name] = factor;
#define CATEGORY(name, factor) out.categories[name] = factor;
#define DTYPE(name, factor) out.others.dtypes[*tensor::dtype_from_jaxpr_name(name)] = factor;
#define SIZE(name, factor) \
  out.others.sizes[static_cast<std::size_t>(*from_word<SizeClass>(name))] = factor;
#define RANK(rank, factor) out.others.ranks.push_back(factor);
#define LONG_AXES(factor) out.others.long_axes = factor;
#define WIDE_CHUNKS(count) out.others.wide_chunks = count;
#include "plan/jax/calibration.def"
#undef ENTRY
#undef CATEGORY
#undef DTYPE
#undef SIZE
#undef RANK
#undef LONG_AXES
#undef WIDE_CHUNKS
  return out;
}

// What `make reach` has counted. It ends with an empty one, so that a table without rows compiles.
std::span<const FunctionUse> functions() {
  static constexpr FunctionUse kAll[] = {
#define FUNCTION(name, usual, entries) {name, usual, entries},
#include "plan/jax/reach.def"
#undef FUNCTION
      {}};
  return std::span(kAll).first(std::size(kAll) - 1);
}

}  // namespace

const Catalogue& jax_catalogue() {
  static const Catalogue kCatalogue(vocabulary(), all_ops(), calibration(), jax_brought().parts,
                                    functions());
  return kCatalogue;
}

}  // namespace jaxsmith::plan
