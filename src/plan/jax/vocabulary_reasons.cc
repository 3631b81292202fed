// Why people call functions of JAX, or give them an argument: plan/reasons.h.
#include "plan/jax/vocabulary.h"

namespace jaxsmith::plan {
namespace {

// Of the functions that have one reason wherever they are called.
ByCall<std::vector<std::string>> whatever_stands_around() {
  return {
      {"stop_gradient",
       {"No gradient flows through this part.", "Derivatives take this for a constant.",
        "Held fixed while the rest is differentiated."}},
      {"log_softmax",
       {"In log space, where small probabilities do not underflow.",
        "Log-probabilities directly: log(softmax) would lose the small ones."}},
      {"logsumexp",
       {"Sum in log space to stay within the range of floats.",
        "The log of a sum of exponentials, without computing any that overflow."}},
      {"logaddexp",
       {"Add in log space: the exponentials themselves may overflow.",
        "Log-domain addition keeps both tails."}},
      {"log_sigmoid",
       {"log_sigmoid stays finite where the sigmoid rounds to zero.",
        "In log space, so that confident predictions do not saturate."}},
      {"log1p", {"log1p keeps the digits of small arguments.", "Accurate near zero."}},
      {"expm1",
       {"expm1 keeps the digits that exp(x) - 1 cancels.", "Accurate near zero, unlike exp - 1."}},
      {"checkpoint",
       {"Recomputed in the backward pass, to spend less memory.",
        "Rematerialized: activations are not stored for the backward pass."}},
      {"associative_scan",
       {"The operation is associative, so prefixes take logarithmic depth.",
        "A parallel scan: the order of combining does not matter."}},
      {"while_loop",
       {"Data-dependent number of rounds: reverse mode cannot pass.",
        "Ends as soon as the test fails; the number of rounds is not known in advance."}},
      {"rfft",
       {"The signal is real, so half of the spectrum says it all.",
        "Real input: negative frequencies mirror the positive ones."}},
      {"irfft", {"Back to the time domain."}},
      {"cho_solve",
       {"The factor is reused; nothing is inverted.",
        "Two triangular solves instead of an inverse."}},
      {"solve_triangular",
       {"A triangular system needs only substitution.",
        "Substitution instead of inverting the factor."}},
      {"eigh",
       {"Symmetric, so that the eigenvalues are real and sorted.",
        "eigh reads one triangle and returns ascending eigenvalues."}},
      {"searchsorted", {"Binary search: the edges are in ascending order."}},
      {"nan_to_num", {"Missing entries must not spread through the sums."}},
      {"fold_in",
       {"A key of its own for each index.", "Derived keys are independent of one another."}},
      {"segment_sum", {"Rows with the same id add up.", "One total for each id."}},
      {"slogdet",
       {"The log-determinant: the determinant itself may overflow.",
        "Sign and log-magnitude apart, to stay within range."}},
      {"psum", {"Summed over the devices along the named axis."}},
      {"all_gather", {"Every device ends up with all the shards."}},
      {"reduce_precision", {"Rounded as a narrower format would round it."}},
      {"nansum", {"Missing values count for nothing."}},
      {"nanmean", {"Missing values are left out of the average."}},
      {"nanmax", {"Missing values never win."}},
      {"triu_indices", {"Each unordered pair once."}},
      {"hessian", {"Forward over reverse mode.", "All second derivatives at once."}},
      {"jacfwd", {"One forward pass per input element."}},
      {"jacrev", {"One backward pass per output element."}},
      {"jvp",
       {"Value and directional derivative in one forward pass.",
        "Forward mode carries the tangent along with the value."}},
      {"vjp",
       {"The pullback reuses what the forward pass has stored.",
        "One backward pass per cotangent."}},
      {"top_k", {"Sorted from the largest on.", "Only the k best are needed, no full sort."}},
      {"softplus", {"Softplus keeps this positive without a hard floor."}}};
}

}  // namespace

ByCall<CallReason> call_reasons() {
  ByCall<CallReason> out;
  for (const auto& [function, wordings] : whatever_stands_around())
    out[function] = {.wordings = wordings};
  out["softplus"].place = CallPlace::kAlone;  // a loss as well
  out["split"] = {
      .wordings = {"Each key is used once.", "Independent streams for independent draws."},
      .about = "keys",
      .of_random = true};
  out["fori_loop"] = {
      .wordings = {"The number of rounds is fixed, so that reverse mode works too.",
                   "Static bounds: this lowers to a scan and stays differentiable."},
      .about = "rounds",
      .number = 1};
  out["solve"] = {.wordings = {"Solve rather than invert: cheaper, and loses fewer digits.",
                               "Solving loses fewer digits than a product with the inverse."},
                  .arguments = 2};
  out["cond"] = {.wordings = {"Python's if would not trace: the predicate is an array."},
                 .unmapped = {"Only the branch that is taken runs."},
                 .arguments = 3};
  out["switch"] = {.wordings = {"The index is clamped to the branches that there are.",
                                "One branch runs, unless the index is mapped over."}};
  out["add"] = {.wordings = {"Indices that repeat add up.", "Scatter-add: duplicates accumulate."},
                .about = "scatter",
                .of_update = true};
  for (const char* draws : {"normal", "uniform", "bernoulli"})
    out[draws] = {.wordings = {"The same key gives the same draws on every call.",
                               "Reproducible: the key is the only source of randomness."},
                  .about = "draws",
                  .of_random = true};
  out["roll"] = {
      .wordings = {"What leaves at one end comes in at the other.", "Periodic boundary."},
      .place = CallPlace::kTerm};
  out["cholesky"] = {.wordings = {"Symmetric positive definite by construction.",
                                  "Half the work of an LU factorization."}};
  return out;
}

std::vector<ArgumentReason> argument_reasons() {
  return {
      {"keepdims",
       "keepdims",
       {"Keeps the axis, to broadcast against {}.", "Shaped to broadcast with {}."},
       {"True"}},
      {"reverse",
       "reverse",
       {"From the last step to the first.", "Backward in time: each step needs the one after it."},
       {"True"}},
      {"unroll",
       "unroll",
       {"Unrolled in part: fewer, larger steps.", "Trades code size for less loop overhead."}},
      {"has_aux",
       "aux",
       {"The auxiliary outputs come along without being differentiated.",
        "has_aux: only the first output is differentiated."},
       {"True"}},
      {"preferred_element_type", "accumulate", {"The products are summed in a wider type."}},
      {"num_segments", "segments", {"A static number of segments keeps shapes known under jit."}},
      {"mode", "drop", {"Updates out of bounds are dropped."}, {"\"drop\""}},
      {"mode", "edge", {"The border repeats, so that nothing leaks out."}, {"\"edge\""}},
      {"mode", "wrap", {"The domain is periodic.", "Periodic padding."}, {"\"wrap\""}},
      {"mode", "reflect", {"Mirrored at the border, without a jump."}, {"\"reflect\""}},
      {"ddof", "ddof", {"Unbiased: one degree of freedom went into the mean."}, {"1"}},
      {"indexing", "ij", {"Matrix indexing: rows come first."}, {"\"ij\""}},
      {.argument = "size",
       .about = "size",
       .wordings = {"A static size keeps the result's shape known under jit."},
       .others = {"dynamic_slice"}},
      {"return_inverse", "inverse", {"The inverse maps each entry to its group."}},
      {.argument = "k",
       .about = "triangle",
       .wordings = {"Without the diagonal: every pair once.", "Strictly triangular."},
       .values = {"1", "-1"},
       .functions = {"triu", "tril"}},
      {"stable", "stable", {"Stable, so that ties keep their order."}, {"True"}},
      {.argument = "in_axes",
       .about = "in_axes",
       .wordings = {"None: shared by all examples rather than mapped over."},
       .within = "None",
       .functions = {"vmap"}}};
}

}  // namespace jaxsmith::plan
