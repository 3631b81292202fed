// Functions with derivatives of their own: jax.custom_jvp, jax.custom_vjp.
#include <fmt/format.h>

#include "plan/idiom.h"
#include "plan/jax/call_forms.h"
#include "plan/jax/catalogue.h"

namespace jaxsmith::plan {
namespace {

using Ids = Idiom::Ids;

struct Rule {
  Idiom::Words names;
  std::string value, slope;  // of $0; what multiplies a tangent
  Interval range;
};

// Elementwise functions whose derivative people write out, for its cost or where it overflows.
const std::vector<Rule>& rules() {
  static const std::vector<Rule> kRules = {
      {{"log1pexp", "softplus", "soft_relu"},
       "jnp.log1p(jnp.exp($0))",
       "jax.nn.sigmoid($0)",
       {0, 3}},
      {{"smooth_abs", "soft_magnitude"},
       "jnp.sqrt($0**2 + 0.01)",
       "$0 / jnp.sqrt($0**2 + 0.01)",
       {0.1, 3}},
      {{"swish", "self_gate"},
       "$0 * jax.nn.sigmoid($0)",
       "jax.nn.sigmoid($0) * (1.0 + $0 * (1.0 - jax.nn.sigmoid($0)))",
       {-0.3, 3}},
      {{"logistic", "squash"},
       "1.0 / (1.0 + jnp.exp(-$0))",
       "jax.nn.sigmoid($0) * (1.0 - jax.nn.sigmoid($0))",
       {0, 1}},
      {{"bump", "gaussian"}, "jnp.exp(-0.5 * $0**2)", "-$0 * jnp.exp(-0.5 * $0**2)", {0, 1}},
      {{"soft_sign", "saturate"}, "$0 / jnp.sqrt(1.0 + $0**2)", "(1.0 + $0**2) ** -1.5", {-1, 1}}};
  return kRules;
}

BodyId decorated(Idiom& i, BodyId body, std::string decorator) {
  if (body < 0) return body;
  i.builder().program().bodies[static_cast<std::size_t>(body)].decorators = {std::move(decorator)};
  i.builder().restrict_changes(body, Changes::kNone);
  return body;
}

Op custom_jvp() {
  return written("jax.custom_jvp", kGradient, 4, Derivative::kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "logits", "drive"}, 1, 2, {-3, 3});
    const Rule rule = i.random().pick(rules());
    const Type type = i.type(x);
    const BodyId f =
        decorated(i,
                  i.function(rule.names, {{{"x", "v"}, type, {-3, 3}}},
                             [&](const Ids& p) {
                               return Ids{i.let({"value"}, rule.value, {p[0]}, type, rule.range)};
                             }),
                  "jax.custom_jvp");
    const bool factor_first = i.chance(0.5);
    const BodyId jvp = decorated(
        i,
        i.function({rule.names[0] + "_jvp", "tangent_rule"},
                   {{{"x", "v"}, type, {-3, 3}}, {{"x_dot", "tangent", "t"}, type, {-1, 1}}},
                   [&](const Ids& p) {
                     const ValueId value =
                         i.let({"value", "out"}, rule.value, {p[0]}, type, rule.range);
                     const ValueId slope =
                         i.let({"slope", "factor"}, rule.slope, {p[0]}, type, {-1, 1.2});
                     const ValueId pushed =
                         i.let({"tangent_out", "out_dot"}, factor_first ? "$0 * $1" : "$1 * $0",
                               {slope, p[1]}, type, {-1, 1});
                     return Ids{value, pushed};
                   },
                   {1, 1}),
        fmt::format("${}.defjvp", f));
    i.let({"activated", "shaped"}, "$f0($0)", {x}, {f, jvp}, type, rule.range);
  });
}

// The exact rule, one that limits what comes back, or one that steps over a rounding.
Op custom_vjp() {
  return written("jax.custom_vjp", kGradient, 4, Derivative::kNone, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "logits", "weights"}, 1, 2, {-3, 3});
    Rule rule = i.random().pick(rules());
    std::string back = i.either({"$1 * $0", "$0 * $1"});
    if (i.chance(0.3)) {
      rule = {{"quantize", "round_through"}, "jnp.round(4.0 * $0) / 4.0", "", {-3, 3}};
    } else if (i.chance(0.3)) {
      back = "jnp.clip($1 * $0, -1.0, 1.0)";
    }
    const Type type = i.type(x);
    const auto value = [&](const Ids& p) {
      return i.let({"value", "out"}, rule.value, {p[0]}, type, rule.range);
    };
    const std::vector<Idiom::Part> one = {{{"x", "v"}, type, {-3, 3}}};
    const BodyId f =
        decorated(i, i.function(rule.names, one, [&](const Ids& p) { return Ids{value(p)}; }),
                  "jax.custom_vjp");
    const BodyId forward = i.function({rule.names[0] + "_fwd", "forward_rule"}, one,
                                      [&](const Ids& p) { return Ids{value(p), p[0]}; });
    const BodyId backward = i.function(
        {rule.names[0] + "_bwd", "backward_rule"},
        {{{"x", "residual"}, type, {-3, 3}}, {{"g", "cotangent", "out_bar"}, type, {-1, 1}}},
        [&](const Ids& p) {
          if (rule.slope.empty())
            return Ids{i.let({"limited"}, "jnp.where(jnp.abs($0) <= 2.0, $1, 0.0)", {p[0], p[1]},
                             type, {-1, 1})};
          const ValueId slope = i.let({"slope", "factor"}, rule.slope, {p[0]}, type, {-1, 1.2});
          return Ids{i.let({"x_bar", "pulled"}, back, {slope, p[1]}, type, {-1, 1})};
        },
        {}, {1});
    for (const BodyId id : {forward, backward}) i.builder().restrict_changes(id, Changes::kNone);
    i.unpack("$f0.defvjp($f1, $f2)", {}, {f, forward, backward}, {{{}, type, {-1, 1}}});
    const ValueId out = i.let({"activated", "shaped"}, "$f0($0)", {x}, {f}, type, rule.range);
    if (rule.slope.empty()) i.may_hide(out);
  });
}

}  // namespace

std::vector<Op> custom_rule_ops() { return {custom_jvp(), custom_vjp()}; }

}  // namespace jaxsmith::plan
