#include "plan/jax/distributions.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/op_helpers.h"

namespace jaxsmith::plan {
namespace {

Method cdf() { return {"cdf", {"cdf", "probability", "cumulative"}, {0.01, 0.99}}; }
Method sf() { return {"sf", {"survival", "tail", "p_value"}, {0.01, 0.99}}; }
Method pdf(double top) { return {"pdf", {"density", "pdf", "likelihood"}, {0.01, top}}; }
Method logpdf(double low, double high) {
  return {"logpdf", {"log_density", "log_prob", "log_likelihood"}, {low, high}};
}
Method logcdf(double low) { return {"logcdf", {"log_cdf", "log_probability"}, {low, -0.01}}; }
Method logsf(double low) { return {"logsf", {"log_survival", "log_tail"}, {low, -0.01}}; }
Method isf(double low, double high) { return {"isf", {"upper_quantile", "critical"}, {low, high}}; }

const CallParameter& shape_parameter(const std::string& name) {
  static const std::vector<CallParameter> kAll = {
      {"a", {"a", "alpha", "concentration"}, {1.2, 4}},
      {"b", {"b", "beta_param", "rate"}, {1.2, 4}},
      {"df", {"df", "dof", "degrees"}, {1.5, 7}},
      {"beta", {"power", "beta", "exponent"}, {0.8, 3}},
      {"kappa", {"kappa", "concentration"}, {0.5, 4}},
      {"c", {"c", "concentration", "rho"}, {0.2, 0.8}},
      {"lower", {"lower", "a"}, {-3, -2}},
      {"upper", {"upper", "b"}, {2, 3}},
  };
  for (const CallParameter& p : kAll)
    if (p.name == name) return p;
  return kAll.front();
}

CallParameter renamed(CallParameter p, std::string name) {
  p.name = std::move(name);
  return p;
}

// One that JAX has no derivative for: a number.
CallParameter fixed(CallParameter p) {
  p.forms = kNumber;
  return p;
}

}  // namespace

Method ppf(double low, double high) {
  return {"ppf", {"quantile", "threshold", "cutoff"}, {low, high}};
}

const Method* Distribution::method(std::string_view name) const {
  const auto found = std::ranges::find(methods, name, &Method::name);
  return found == methods.end() ? nullptr : &*found;
}

std::vector<Distribution> location_families() {
  return {
      {"cauchy",
       {-4, 4},
       {},
       LocScale::kBoth,
       {cdf(), logcdf(-2.6), logpdf(-4, -1.1), logsf(-2.6), pdf(0.32), sf(), ppf(-6.4, 6.4),
        isf(-6.4, 6.4)}},
      {"gumbel_l",
       {-4, 1.5},
       {},
       LocScale::kBoth,
       {cdf(), logcdf(-4), logpdf(-4, -1), logsf(-4.5), pdf(0.37), sf()}},
      {"gumbel_r",
       {-1.5, 4},
       {},
       LocScale::kBoth,
       {cdf(), logcdf(-4.5), logpdf(-4, -1), logsf(-4), pdf(0.37), sf()}},
      {"laplace", {-4, 4}, {}, LocScale::kBoth, {cdf(), logpdf(-4.7, -0.7), pdf(0.45)}},
      {"logistic",
       {-5, 5},
       {},
       LocScale::kBoth,
       {cdf(), logpdf(-5, -1.4), pdf(0.25), sf(), ppf(-3, 3), isf(-3, 3)}},
      {"norm", {-3, 3}, {}, LocScale::kBoth, {logpdf(-5.5, -0.9), pdf(0.4)}},
      {"norm",
       {-3, 3},
       {},
       LocScale::kBoth,
       {cdf(), logcdf(-6.6), logsf(-6.6), sf(), ppf(-1.65, 1.65), isf(-1.65, 1.65)},
       /*half=*/false,
       kManyInstructions},
      {"t", {-4, 4}, {shape_parameter("df")}, LocScale::kBoth, {logpdf(-5.2, -0.9), pdf(0.38)}},
      {"uniform", {-0.5, 1.5}, {}, LocScale::kNone, {ppf(0.05, 0.95)}},
  };
}

std::vector<Distribution> positive_families() {
  const CallParameter a = shape_parameter("a"), b = shape_parameter("b");
  const std::vector<CallParameter> df = {shape_parameter("df")};
  return {
      {"beta", {0.1, 0.9}, {a, b}, LocScale::kWider, {logpdf(-3.1, 0.8), pdf(2.3)}},
      {"beta",
       {0.1, 0.9},
       {fixed(a), fixed(b)},
       LocScale::kWider,
       {cdf(), logcdf(-6), logsf(-5.3), sf()},
       /*half=*/false,
       kManyInstructions},
      {"chi2", {0.4, 8}, df, LocScale::kScale, {logpdf(-4.1, -1.1), pdf(0.4)}},
      {"chi2",
       {0.4, 8},
       df,
       LocScale::kScale,
       {cdf(), logcdf(-3.4), logsf(-3.7), sf()},
       /*half=*/false,
       kManyInstructions},
      {"expon",
       {0.1, 4},
       {},
       LocScale::kScale,
       {cdf(), logcdf(-2.4), logpdf(-4, -0.1), logsf(-4), pdf(0.9), sf(), ppf(0.05, 3)}},
      {"gamma", {0.2, 6}, {a}, LocScale::kScale, {logpdf(-5.9, -0.6), pdf(0.35)}},
      {"gamma",
       {0.2, 6},
       {a},
       LocScale::kScale,
       {cdf(), logcdf(-6.3), logsf(-5.4), sf()},
       /*half=*/false,
       kManyInstructions},
      {"pareto",
       {1.2, 5},
       {b},
       LocScale::kNarrower,
       {cdf(), logcdf(-1.1), logpdf(-5.8, 0.4), logsf(-5.9), pdf(1.4), sf(), ppf(1.03, 3.5)}},
      {"vonmises",
       {-3, 3},
       {shape_parameter("kappa")},
       LocScale::kNone,
       {logpdf(-8.2, -0.7), pdf(0.6)}},
      {"wrapcauchy",
       {0.2, 6},
       {shape_parameter("c")},
       LocScale::kNone,
       {logpdf(-3.3, -0.6), pdf(0.8)}},
      {"gennorm",
       {-2.5, 2.5},
       {shape_parameter("beta")},
       LocScale::kNone,
       {logpdf(-10, -0.5), pdf(0.56)}},
      {"gennorm",
       {-2.5, 2.5},
       {shape_parameter("beta")},
       LocScale::kNone,
       {cdf()},
       /*half=*/false,
       kManyInstructions},
      {"truncnorm",
       {-1.8, 1.8},
       {renamed(shape_parameter("lower"), "a"), renamed(shape_parameter("upper"), "b")},
       LocScale::kNone,
       {pdf(0.4), cdf(), logcdf(-3.5), logpdf(-2.5, -0.9), logsf(-3.4), sf()},
       /*half=*/false,
       kManyInstructions | kMostlyHidden},
  };
}

bool is_quantile(std::string_view method) { return method == "ppf" || method == "isf"; }

Interval stretched(const Method& m) {
  const Interval r = m.result;
  if (is_quantile(m.name)) return {2 * r.lo - 1, 2 * r.hi + 1};
  if (m.name == "pdf") return {r.lo / 3, 1.7 * r.hi};
  if (m.name.starts_with("log")) return {1.7 * r.lo - 1, r.hi < -0.1 ? r.hi + 0.6 : r.hi};
  return {0.001, 0.999};
}

CallText arguments_of(Idiom& i, const Distribution& d, ValueId x, bool& moved) {
  CallText call(i, x);
  const bool keyword = i.chance(0.3);
  for (const CallParameter& p : d.parameters) call.add(p, keyword);
  moved = true;
  if (d.name == "uniform") {
    call.add({"loc", {"low", "lower"}, {-2, -0.5}}, keyword);
    call.add({"scale", {"width", "span"}, {0.5, 3}}, keyword);
  } else {
    const bool by_name = keyword || i.chance(0.6);
    moved = add_loc_scale(i, call, d.loc_scale, by_name);
  }
  return call;
}

std::vector<Distribution> distributions() {
  std::vector<Distribution> out;
  for (const auto& table : {location_families(), positive_families()}) {
    for (const Distribution& row : table) {
      const auto known = std::ranges::find(out, row.name, &Distribution::name);
      if (known == out.end()) {
        out.push_back(row);
        continue;
      }
      known->methods.insert(known->methods.end(), row.methods.begin(), row.methods.end());
      known->half = known->half && row.half;
      known->traits |= row.traits;
      if (row.traits != 0) known->parameters = row.parameters;
    }
  }
  return out;
}

void maybe_total(Idiom& i, ValueId x, Interval range) {
  const int rank = i.rank(x);
  if (rank == 0 || i.chance(0.7)) return;
  const bool rows = rank > 1 && i.chance(0.5);
  const double n = rows ? static_cast<double>(i.dim(x, -1)) : 1;
  const bool mean = !rows || n > 24 || half_precision(i) || i.chance(0.4);
  const std::string axis = rows ? ", axis=-1" : "";
  const std::string call =
      i.either({"jnp.", ""}) == "jnp."
          ? fmt::format("jnp.{}($0{})", mean ? "mean" : "sum", axis)
          : fmt::format("$0.{}({})", mean ? "mean" : "sum", rows ? "axis=-1" : "");
  const bool negative = i.chance(0.4);
  const double by = mean ? 1 : n;
  const Interval total = {range.lo * by * 0.8, range.hi * by - 0.2 * by * (range.hi - range.lo)};
  i.let(negative ? Idiom::Words{"nll", "loss", "negative_log_likelihood"}
                 : Idiom::Words{"log_likelihood", "total", "score"},
        (negative ? "-" : "") + call, {x}, rows ? i.without_axis(x, -1) : Shape{},
        negative ? Interval{-total.hi, -total.lo} : total);
}

}  // namespace jaxsmith::plan
