#include "source/remarks.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "source/spellings.h"

namespace jaxsmith::source {

using plan::DType;
using plan::Node;

namespace {

using Wordings = std::vector<std::string>;

// Of the functions that have one wherever they are called, by the last part of their name.
const std::map<std::string, Wordings, std::less<>>& reasons_of_calls() {
  static const std::map<std::string, Wordings, std::less<>> kReasons = {
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
  return kReasons;
}

const Expr* keyword(const Expr& call, std::string_view key) {
  for (const Expr& item : call->items)
    if (item->kind == ExprKind::kKeyword && item->text == key) return &item->items[0];
  return nullptr;
}

bool is_infinite(const Expr& e) {
  if (e->kind == ExprKind::kUnary) return is_infinite(e->items[0]);
  return e->kind == ExprKind::kAttribute && e->text == "inf";
}

bool is_half(DType dtype) { return dtype == DType::kF16 || dtype == DType::kBF16; }

class Reader {
 public:
  Reader(const Node& node, const plan::Program& program) : node_(node), program_(program) {}

  std::vector<Remark> read(const Expr& e) {
    dtypes(e);
    visit(e, nullptr);
    return std::move(out_);
  }

 private:
  void say(std::string about, Wordings wordings) {
    if (!wordings.empty()) out_.push_back({std::move(about), std::move(wordings)});
  }

  // A name in a sentence; nothing where the expression is more than one.
  static std::optional<std::string> named(const Expr& e) {
    const std::string text = print(e);
    const bool short_name = e->kind == ExprKind::kName && text.size() <= 20;
    return short_name ? std::optional("`" + text + "`") : std::nullopt;
  }

  const plan::Value* operand(std::size_t k) const {
    if (k >= node_.operands.size() || node_.operands[k] == plan::kNoValue) return nullptr;
    return &program_.values[static_cast<std::size_t>(node_.operands[k])];
  }
  const plan::Value* result() const {
    if (node_.results.size() != 1 || node_.results[0] == plan::kNoValue) return nullptr;
    return &program_.values[static_cast<std::size_t>(node_.results[0])];
  }

  bool differentiates() const {
    return !program_.derivatives.empty() ||
           somewhere({"grad(", "jacfwd(", "jacrev(", "hessian(", "vjp("});
  }

  // Whether a step of the program is written with one of these.
  bool somewhere(std::initializer_list<std::string_view> calls) const {
    return std::ranges::any_of(program_.bodies, [&](const plan::Body& body) {
      return std::ranges::any_of(body.nodes, [&](const Node& node) {
        return std::ranges::any_of(calls, [&](std::string_view each) {
          return node.spelling.find(each) != std::string::npos;
        });
      });
    });
  }

  // Where the step itself changes the width of floats.
  void dtypes(const Expr& e) {
    const plan::Value *from = operand(0), *to = result();
    if (from == nullptr || to == nullptr) return;
    const DType x = from->type.dtype, y = to->type.dtype;
    const std::string wide(tensor::numpy_name(y)), narrow(tensor::numpy_name(x));
    const bool converts =
        called(e) == "astype" || called(e) == "asarray" || called(e) == "convert_element_type";
    if (is_half(x) && y == DType::kF32 && !converts)
      say("accumulate",
          {fmt::format("Accumulate in {}: {} has too few digits for sums.", wide, narrow),
           fmt::format("{} would round away the small terms.", narrow)});
    if (is_half(x) && y == DType::kF32 && converts)
      say("widen", {fmt::format("In {} from here on, to keep the digits.", wide),
                    fmt::format("{} is for storage; the arithmetic is in {}.", narrow, wide)});
    if (is_half(y) && !is_half(x) && tensor::is_real(x) && converts)
      say("narrow", {fmt::format("Half the memory, at the precision of {}.", wide),
                     fmt::format("Rounded to {}, as it is stored.", wide)});
    if (x == DType::kBool && tensor::is_inexact(y) && converts)
      say("as numbers", {"As numbers, so that it can be multiplied with.",
                         "Zeros and ones, to weight terms with."});
    if (tensor::is_integer(x) && tensor::is_inexact(y) && converts)
      say("as floats", {"Explicitly, rather than by promotion.",
                        "Converted once, so that promotion picks no wider type."});
  }

  void visit(const Expr& e, const Expr* parent, const Expr* above = nullptr) {
    if (e->kind == ExprKind::kBinary) binary(e, parent, above);
    if (e->kind == ExprKind::kCall) {
      call(e, parent);
      keywords(e);
    }
    for (const Expr& item : e->items)
      if (item) visit(item, &e, parent);
  }

  // What keeps a number away from zero, or a matrix from being singular.
  void binary(const Expr& e, const Expr* parent, const Expr* above) {
    const Expr &left = e->items[0], &right = e->items[1];
    if (e->text == "+") {
      const auto small = number_of(right);
      if (small && *small > 0 && *small <= 1e-2 && parent) guard(e, left, *parent, above);
      ridge(right);
    }
    if (e->text == "-" && (called(right) == "max" || called(right) == "amax")) {
      const bool in_exponential = parent && called(*parent) == "exp";
      if (in_exponential || keyword(right, "keepdims"))
        say("maximum", {"Without the maximum the exponentials could overflow.",
                        "Shift by the maximum: the largest exponent becomes zero."});
    }
    if (e->text == "/" && called(right) == "maximum") {
      const auto least = number_of(right->items.back());
      if (least && *least > 0)
        say("floor", {"At least this much, so that nothing divides by zero.",
                      "An empty group would divide by zero."});
    }
    if (e->text == "-" && added_axes(left) && added_axes(right))
      say("pairs", {"All pairs by broadcasting.", "One entry for each pair."});
  }

  void guard(const Expr& e, const Expr& guarded, const Expr& parent, const Expr* above) {
    const auto what = named(guarded);
    if (parent->kind == ExprKind::kBinary && parent->text == "/" && parent->items[1] == e)
      say("guard", {what ? fmt::format("Finite where {} is zero.", *what)
                         : std::string("Finite where the denominator vanishes."),
                    "The small term guards the division."});
    const std::string_view by = called(parent);
    const bool divides = by == "rsqrt" || (above && (*above)->kind == ExprKind::kBinary &&
                                           (*above)->text == "/" && (*above)->items[1] == parent);
    if (divides && (by == "sqrt" || by == "rsqrt"))
      say("guard", {"The small term avoids division by zero.",
                    what ? fmt::format("Finite where {} is zero.", *what)
                         : std::string("Guards against zero under the root.")});
    else if (by == "sqrt" && differentiates())
      say("guard", {"The small term keeps the root's derivative finite at zero."});
    if (by == "log" || by == "log2")
      say("guard", {what ? fmt::format("Keeps the logarithm finite where {} is zero.", *what)
                         : std::string("Keeps the logarithm finite."),
                    "An empty bin must not give minus infinity."});
  }

  void ridge(const Expr& e) {
    if (e->kind != ExprKind::kBinary || e->text != "*") return;
    const std::string_view made = called(e->items[1]);
    if (made != "eye" && made != "identity") return;
    const auto amount = number_of(e->items[0]);
    if (amount && *amount <= 1e-2)
      say("ridge", {"Jitter on the diagonal, against a singular matrix.",
                    "A little on the diagonal keeps the factorization stable."});
    else
      say("ridge", {"The diagonal term bounds the smallest eigenvalue from below.",
                    "Regularized, so that the system is well conditioned."});
  }

  static bool added_axes(const Expr& e) {
    if (e->kind != ExprKind::kSubscript) return false;
    return print(e->items[1]).find("None") != std::string::npos;
  }

  void call(const Expr& e, const Expr* parent) {
    const std::string_view function = called(e);
    if (function == "softplus" && parent) return;  // a loss as well
    if (function == "split" && randomness(e))
      return say("keys", {"Each key is used once.", "Independent streams for independent draws."});
    if (const auto found = reasons_of_calls().find(function); found != reasons_of_calls().end())
      say(std::string(function), found->second);
    if (function == "where" && e->items.size() == 4) selection(e);
    if (function == "fori_loop" && number_of(e->items[2]))
      say("rounds", {"The number of rounds is fixed, so that reverse mode works too.",
                     "Static bounds: this lowers to a scan and stays differentiable."});
    if (function == "solve" && e->items.size() >= 3)
      say("solve", {"Solve rather than invert: cheaper, and loses fewer digits.",
                    "Solving loses fewer digits than a product with the inverse."});
    if (function == "cond" && e->items.size() >= 4)
      say("cond", somewhere({"vmap", "vectorize"})
                      ? Wordings{"Python's if would not trace: the predicate is an array."}
                      : Wordings{"Only the branch that is taken runs.",
                                 "Python's if would not trace: the predicate is an array."});
    if (function == "switch")
      say("switch", {"The index is clamped to the branches that there are.",
                     "One branch runs, unless the index is mapped over."});
    if (function == "add" && updates(e))
      say("scatter", {"Indices that repeat add up.", "Scatter-add: duplicates accumulate."});
    if (randomness(e) && (function == "normal" || function == "uniform" || function == "bernoulli"))
      say("draws", {"The same key gives the same draws on every call.",
                    "Reproducible: the key is the only source of randomness."});
    if (function == "roll" && (parent == nullptr || (*parent)->kind == ExprKind::kBinary))
      say("roll", {"What leaves at one end comes in at the other.", "Periodic boundary."});
    if (function == "cholesky")
      say("cholesky", {"Symmetric positive definite by construction.",
                       "Half the work of an LU factorization."});
    mapped(e);
  }

  void selection(const Expr& e) {
    const Expr &mask = e->items[1], &otherwise = e->items[3];
    const auto what = named(mask);
    const auto number = number_of(otherwise);
    if (is_infinite(otherwise) || (number && *number <= -1e4))
      say("masked",
          {"Out of the running, whatever the score.", "Low enough that masked entries never win."});
    else if (number && *number == 0 && what)
      say("masked", {fmt::format("What {} leaves out counts for nothing.", *what),
                     fmt::format("Zero outside of {}: it adds nothing to sums.", *what)});
    else if (number && *number == 1)
      say("safe", {"One where the condition fails: neutral in products.",
                   "A harmless value where the condition fails."});
  }

  static bool randomness(const Expr& e) {
    const std::string function = print(e->items[0]);
    return function.find("random.") != std::string::npos || function.starts_with("jr.");
  }

  // x.at[i].add(…)
  static bool updates(const Expr& e) {
    const Expr& function = e->items[0];
    if (function->kind != ExprKind::kAttribute) return false;
    const Expr& subscript = function->items[0];
    return subscript->kind == ExprKind::kSubscript &&
           subscript->items[0]->kind == ExprKind::kAttribute && subscript->items[0]->text == "at";
  }

  // What is given by itself to a function that is mapped.
  void mapped(const Expr& e) {
    if (called(e->items[0]) != "vmap") return;
    const Expr* axes = keyword(e->items[0], "in_axes");
    if (axes == nullptr || (*axes)->kind != ExprKind::kTuple) return;
    std::string shared;
    std::size_t count = 0;
    for (std::size_t k = 0; k < (*axes)->items.size() && k + 1 < e->items.size(); ++k) {
      if (print((*axes)->items[k]) != "None") continue;
      const auto what = named(e->items[k + 1]);
      if (!what) return;
      shared += (count++ == 0 ? "" : " and ") + *what;
    }
    if (count == 0 || count > 2) return;
    say("shared",
        {fmt::format("{} {} shared by the whole batch.", shared, count == 1 ? "is" : "are"),
         fmt::format("Every example sees the same {}.", shared)});
  }

  void keywords(const Expr& e) {
    const auto is = [&](std::string_view key, std::string_view text) {
      const Expr* found = keyword(e, key);
      return found && print(*found) == text;
    };
    const std::string_view function = called(e);
    if (is("keepdims", "True")) {
      const auto what = e->items.size() > 1 ? named(e->items[1]) : std::nullopt;
      if (what)
        say("keepdims", {fmt::format("Keeps the axis, to broadcast against {}.", *what),
                         fmt::format("Shaped to broadcast with {}.", *what)});
    }
    if (is("reverse", "True"))
      say("reverse", {"From the last step to the first.",
                      "Backward in time: each step needs the one after it."});
    if (keyword(e, "unroll"))
      say("unroll",
          {"Unrolled in part: fewer, larger steps.", "Trades code size for less loop overhead."});
    if (is("has_aux", "True"))
      say("aux", {"The auxiliary outputs come along without being differentiated.",
                  "has_aux: only the first output is differentiated."});
    if (keyword(e, "preferred_element_type"))
      say("accumulate", {"The products are summed in a wider type."});
    if (keyword(e, "num_segments"))
      say("segments", {"A static number of segments keeps shapes known under jit."});
    if (is("mode", "\"drop\"")) say("drop", {"Updates out of bounds are dropped."});
    if (is("mode", "\"edge\"")) say("edge", {"The border repeats, so that nothing leaks out."});
    if (is("mode", "\"wrap\"")) say("wrap", {"The domain is periodic.", "Periodic padding."});
    if (is("mode", "\"reflect\"")) say("reflect", {"Mirrored at the border, without a jump."});
    if (is("ddof", "1")) say("ddof", {"Unbiased: one degree of freedom went into the mean."});
    if (is("indexing", "\"ij\"")) say("ij", {"Matrix indexing: rows come first."});
    if (keyword(e, "size") && function != "dynamic_slice")
      say("size", {"A static size keeps the result's shape known under jit."});
    if (keyword(e, "return_inverse")) say("inverse", {"The inverse maps each entry to its group."});
    const bool triangle = function == "triu" || function == "tril";
    if (triangle && (is("k", "1") || is("k", "-1")))
      say("triangle", {"Without the diagonal: every pair once.", "Strictly triangular."});
    if (is("stable", "True")) say("stable", {"Stable, so that ties keep their order."});
    if (keyword(e, "in_axes") && (function == "vmap") &&
        print(*keyword(e, "in_axes")).find("None") != std::string::npos)
      say("in_axes", {"None: shared by all examples rather than mapped over."});
  }

  const Node& node_;
  const plan::Program& program_;
  std::vector<Remark> out_;
};

}  // namespace

std::vector<Remark> remarks_on(const Expr& written, const Node& node,
                               const plan::Program& program) {
  return Reader(node, program).read(written);
}

}  // namespace jaxsmith::source
