// Settings of functions: plan/setting_words.h.
#include "plan/jax/vocabulary.h"

namespace jaxsmith::plan {
namespace {

// Arguments that steer shapes, loops or ways.
std::map<std::string, SettingWords, std::less<>> arguments_by_name() {
  return {{"axis", {{"axis"}, "axis to work along"}},
          {"length", {{"n_steps", "num_steps", "length"}, "number of steps"}},
          {"mode", {{"mode", "boundary"}, "what stands beyond the border"}},
          {"num_segments", {{"num_segments", "n_groups"}, "number of groups"}},
          {"k", {{"k", "diagonal"}, "which diagonal, counted from the main one"}},
          {"side", {{"side"}, "on which side of equal entries to insert"}},
          {"method", {{"method"}, "how it is computed"}},
          {"padding", {{"padding"}, "how borders are padded"}},
          {"reverse", {{"reverse"}, "whether to go from the end to the beginning"}},
          {"ddof", {{"ddof"}, "degrees of freedom taken off the count"}},
          {"approximate", {{"approximate"}, "whether to use the faster approximation"}},
          {"stable", {{"stable"}, "whether equal entries keep their order"}},
          {"descending", {{"descending"}, "whether the largest comes first"}},
          {"unroll", {{"unroll"}, "how many steps a round of the loop does"}},
          {"size", {{"size", "max_count"}, "static number of entries in the result"}},
          {"fill_value", {{"fill_value"}, "what fills places without an entry"}},
          {"num_classes", {{"num_classes"}, "number of classes"}},
          {"length_scale", {{"length_scale"}, "distance over which the kernel decays"}}};
}

// Sizes of what other arrays have to fit are none.
std::vector<SettingPlace> arguments_by_place() {
  return {{"range", 0, 1, {{"n_steps", "num_steps", "n_rounds"}, "number of steps"}},
          {"fori_loop", 1, 4, {{"n_steps", "num_iterations", "n_iter"}, "number of iterations"}},
          {"one_hot", 1, 2, {{"num_classes", "n_classes"}, "number of classes"}},
          {"top_k", 1, 2, {{"k", "num_kept"}, "how many of the largest entries to keep"}},
          {"roll", 1, 2, {{"shift", "lag"}, "by how many places to shift"}},
          {"matrix_power", 1, 2, {{"power", "n_steps"}, "how often the matrix is applied"}},
          {"split", 1, 2, {{"num_parts", "n_blocks"}, "number of parts"}},
          {"split", 1, 2, {{"num_samples", "n_draws"}, "number of independent draws"}, true}};
}

std::vector<SettingWay> ways() {
  const std::vector<std::string> reduction = {"reduction", "reduce", "how"},
                                 activation = {"activation", "nonlinearity"},
                                 scale = {"scaling", "scale_by"};
  const SettingWay::Value mean{"mean", {"mean", "average", "typical"}},
      sum{"sum", {"sum", "total", "mass"}},
      max{"max", {"max", "peak", "largest", "highest", "best"}},
      min{"min", {"min", "lowest", "smallest", "floor"}},
      std{"std", {"std", "deviation", "spread", "sigma"}}, var{"var", {"var", "spread"}},
      relu{"relu", {"relu", "rectif"}}, tanh{"tanh", {"tanh", "squash"}},
      arctan{"arctan", {"arctan"}}, gelu{"gelu", {"gelu"}}, silu{"silu", {"silu"}},
      softplus{"softplus", {"softplus"}}, sigmoid{"sigmoid", {"sigmoid"}},
      hard_sigmoid{"hard_sigmoid", {"hard_sigmoid"}};
  return {{"jnp.mean", "sum", mean, sum, reduction, true},
          {"jnp.sum", "mean", sum, mean, reduction, true},
          {"jnp.max", "mean", max, mean, reduction, true},
          {"jnp.min", "max", min, max, reduction, true},
          {"jnp.tanh", "arctan", tanh, arctan, activation},
          {"nn.relu", "gelu", relu, gelu, activation},
          {"nn.gelu", "relu", gelu, relu, activation},
          {"nn.silu", "relu", silu, relu, activation},
          {"nn.softplus", "relu", softplus, relu, activation},
          {"nn.sigmoid", "hard_sigmoid", sigmoid, hard_sigmoid, activation},
          {"jnp.std", "var", std, var, scale}};
}

}  // namespace

SettingTables setting_tables() {
  return {
      .arguments = arguments_by_name(),
      .places = arguments_by_place(),
      .ways = ways(),
      .optional_steps = {{"jnp.clip", {"clip", "bounded"}},
                         {"jnp.tanh", {"squash", "bounded"}},
                         {"nn.relu", {"rectify", "use_activation"}},
                         {"nn.gelu", {"use_activation", "activate"}},
                         {"jnp.flip", {"reverse", "flipped"}},
                         {"jnp.sort", {"sort", "ordered"}},
                         {"jnp.log1p", {"log_scale", "compress"}},
                         {"jnp.abs", {"absolute", "unsigned"}},
                         {"nn.softmax", {"normalize", "as_weights"}},
                         {"jnp.cumsum", {"cumulative", "accumulate"}}},
      .module_names = {{"numpy", "jnp"}},
      .keeping = {"softmax", "log_softmax", "cumsum", "cumprod", "cummax", "cummin", "sort", "flip",
                  "standardize", "logcumsumexp", "associative_scan", "roll"},
      .fixed = {"concatenate", "stack",   "split",    "repeat",    "take",     "take_along_axis",
                "expand_dims", "squeeze", "moveaxis", "vmap",      "scan",     "reshape",
                "einsum",      "matmul",  "dot",      "transpose", "swapaxes", "tensordot",
                "top_k",       "gather"},
      .placing = {"dynamic_slice", "dynamic_slice_in_dim", "dynamic_index_in_dim",
                  "dynamic_update_slice", "dynamic_update_slice_in_dim",
                  "dynamic_update_index_in_dim"},
      .parting = {"split"}};
}

}  // namespace jaxsmith::plan
