#include "source/remarks.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "plan/calls.h"
#include "plan/catalogue.h"
#include "plan/reasons.h"
#include "plan/stats.h"
#include "source/spellings.h"

namespace jaxsmith::source {

using plan::DType;
using plan::Node;

namespace {

using Wordings = std::vector<std::string>;

const Expr* keyword(const Expr& call, std::string_view key) {
  for (const Expr& item : call->items)
    if (item->kind == ExprKind::kKeyword && item->text == key) return &item->items[0];
  return nullptr;
}

bool is_infinite(const Expr& e) {
  if (e->kind == ExprKind::kUnary) return is_infinite(e->items[0]);
  return e->kind == ExprKind::kAttribute && e->text == "inf";
}

class Reader {
 public:
  Reader(const Node& node, const plan::Program& program)
      : node_(node), program_(program), words_(program.catalogue->vocabulary()) {}

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

  bool is(const Expr& call, plan::CallMeaning meaning) const {
    return means(call, meaning, words_);
  }

  // Whether some step of the program takes all of a derivative: along a direction it may be finite
  // where the others are not.
  bool differentiates() const {
    return !program_.derivatives.empty() || somewhere([&](const plan::Mention& mention) {
      return plan::is_one_of(mention.name, words_.calls.derivatives) &&
             !plan::is_one_of(mention.name, words_.calls.directional);
    });
  }

  bool maps() const {
    return somewhere([&](const plan::Mention& mention) {
      return plan::is_one_of(mention.name, words_.calls.maps);
    });
  }

  // Whether a step of the program calls such a function.
  template <class Accept>
  bool somewhere(const Accept& accept) const {
    return std::ranges::any_of(program_.bodies, [&](const plan::Body& body) {
      return std::ranges::any_of(body.nodes, [&](const Node& node) {
        return std::ranges::any_of(
            plan::mentions_in(node.spelling),
            [&](const plan::Mention& mention) { return mention.called && accept(mention); });
      });
    });
  }

  // Where the step itself changes the width of floats.
  void dtypes(const Expr& e) {
    const plan::Value *from = operand(0), *to = result();
    if (from == nullptr || to == nullptr) return;
    const DType x = from->type.dtype, y = to->type.dtype;
    const std::string wide(tensor::numpy_name(y)), narrow(tensor::numpy_name(x));
    const bool converts = is(e, plan::CallMeaning::kConversion);
    if (plan::half_precision(x) && y == DType::kF32 && !converts)
      say("accumulate",
          {fmt::format("Accumulate in {}: {} has too few digits for sums.", wide, narrow),
           fmt::format("{} would round away the small terms.", narrow)});
    if (plan::half_precision(x) && y == DType::kF32 && converts)
      say("widen", {fmt::format("In {} from here on, to keep the digits.", wide),
                    fmt::format("{} is for storage; the arithmetic is in {}.", narrow, wide)});
    if (plan::half_precision(y) && !plan::half_precision(x) && tensor::is_real(x) && converts)
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
    if (e->text == "-" && is(right, plan::CallMeaning::kLargest)) {
      const bool in_exponential = parent && is(*parent, plan::CallMeaning::kExponential);
      if (in_exponential || keyword(right, "keepdims"))
        say("maximum", {"Without the maximum the exponentials could overflow.",
                        "Shift by the maximum: the largest exponent becomes zero."});
    }
    if (e->text == "/" && is(right, plan::CallMeaning::kAtLeast)) {
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
    const bool root = is(parent, plan::CallMeaning::kRoot),
               inverse_root = is(parent, plan::CallMeaning::kInverseRoot);
    const bool divides = inverse_root || (above && (*above)->kind == ExprKind::kBinary &&
                                          (*above)->text == "/" && (*above)->items[1] == parent);
    if (divides && (root || inverse_root))
      say("guard", {"The small term avoids division by zero.",
                    what ? fmt::format("Finite where {} is zero.", *what)
                         : std::string("Guards against zero under the root.")});
    else if (root && differentiates())
      say("guard", {"The small term keeps the root's derivative finite at zero."});
    if (is(parent, plan::CallMeaning::kLogarithm))
      say("guard", {what ? fmt::format("Keeps the logarithm finite where {} is zero.", *what)
                         : std::string("Keeps the logarithm finite."),
                    "An empty bin must not give minus infinity."});
  }

  void ridge(const Expr& e) {
    if (e->kind != ExprKind::kBinary || e->text != "*") return;
    if (!is(e->items[1], plan::CallMeaning::kIdentityMatrix)) return;
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
    if (const auto found = words_.reasons.find(called(e)); found != words_.reasons.end())
      reason(found->first, found->second, e, parent);
    if (is(e, plan::CallMeaning::kChoice) && e->items.size() == 4) selection(e);
    mapped(e);
  }

  void reason(const std::string& function, const plan::CallReason& why, const Expr& e,
              const Expr* parent) {
    const std::size_t arguments = e->items.size() - 1;
    if (arguments < why.arguments) return;
    if (why.number && (arguments <= *why.number || !number_of(e->items[*why.number + 1]))) return;
    if (why.place != plan::CallPlace::kAnywhere && parent != nullptr &&
        (why.place == plan::CallPlace::kAlone || (*parent)->kind != ExprKind::kBinary))
      return;
    if (why.of_random && !draws_numbers(e, words_)) return;
    if (why.of_update && !updates(e)) return;
    Wordings wordings;
    if (!why.unmapped.empty() && !maps()) wordings = why.unmapped;
    wordings.insert(wordings.end(), why.wordings.begin(), why.wordings.end());
    say(why.about.empty() ? function : why.about, std::move(wordings));
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

  // x.at[i].add(…)
  bool updates(const Expr& e) const {
    const Expr& function = e->items[0];
    if (function->kind != ExprKind::kAttribute) return false;
    const Expr& subscript = function->items[0];
    return subscript->kind == ExprKind::kSubscript &&
           subscript->items[0]->kind == ExprKind::kAttribute &&
           subscript->items[0]->text == words_.calls.updater;
  }

  // What is given by itself to a function that is mapped.
  void mapped(const Expr& e) {
    if (!is(e->items[0], plan::CallMeaning::kMap)) return;
    const Expr* axes = keyword(e->items[0], words_.calls.mapped_axes);
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
    const std::string_view function = called(e);
    for (const plan::ArgumentReason& why : words_.argument_reasons) {
      const Expr* found = keyword(e, why.argument);
      if (found == nullptr || why.others.contains(function)) continue;
      if (!why.functions.empty() && !why.functions.contains(function)) continue;
      const std::string text = print(*found);
      if (!why.values.empty() && std::ranges::find(why.values, text) == why.values.end()) continue;
      if (text.find(why.within) == std::string::npos) continue;
      say(why.about, about_first(why.wordings, e));
    }
  }

  // Wordings with the name of a call's first argument; none where they are to have one and there is
  // none.
  static Wordings about_first(Wordings wordings, const Expr& e) {
    constexpr std::string_view kName = "{}";
    const auto what = e->items.size() > 1 ? named(e->items[1]) : std::nullopt;
    for (std::string& wording : wordings) {
      const std::size_t at = wording.find(kName);
      if (at == std::string::npos) continue;
      if (!what) return {};
      wording.replace(at, kName.size(), *what);
    }
    return wordings;
  }

  const Node& node_;
  const plan::Program& program_;
  const plan::Vocabulary& words_;
  std::vector<Remark> out_;
};

}  // namespace

std::vector<Remark> remarks_on(const Expr& written, const Node& node,
                               const plan::Program& program) {
  return Reader(node, program).read(written);
}

}  // namespace jaxsmith::source
