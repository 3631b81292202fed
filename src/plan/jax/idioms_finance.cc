// Finance: options, bonds, portfolios, risk, paths of prices.
#include <fmt/format.h>

#include "base/portable_math.h"
#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;

// The terms of Black and Scholes' formula; every name is a value or a number.
ValueId option_price(Idiom& i, const Terms& t, const Shape& shape, bool put,
                     const std::string& cdf) {
  const ValueId spread =
      let(i, {"spread", "deviation"}, "{vol} * jnp.sqrt({t})", t, Shape{}, {0.05, 0.9});
  const Terms t2 = with(t, {{"w", spread}});
  const ValueId d1 = let(i, {"d1"},
                         i.either({"(jnp.log({s} / {k}) + ({r} + 0.5 * {vol}**2) * {t}) / {w}",
                                   "(jnp.log({s} / {k}) + {r} * {t}) / {w} + 0.5 * {w}"}),
                         t2, shape, {-2, 2});
  const Terms with_d1 = with(t2, {{"d1", d1}});
  const ValueId d2 = let(i, {"d2"}, "{d1} - {w}", with_d1, shape, {-2, 2});
  const Terms all = with(with_d1, {{"d2", d2}});
  const auto phi = [&](const std::string& of) { return cdf + "(" + of + ")"; };
  return put ? let(i, {"price", "put"},
                   "{k} * jnp.exp(-{r} * {t}) * " + phi("-{d2}") + " - {s} * " + phi("-{d1}"), all,
                   shape, {0, 1})
             : let(i, {"price", "call"},
                   "{s} * " + phi("{d1}") + " - {k} * jnp.exp(-{r} * {t}) * " + phi("{d2}"), all,
                   shape, {0, 1});
}

std::string normal_cdf(Idiom& i) {
  return i.either({"jsp.stats.norm.cdf", "special.ndtr", "special.ndtr"});
}

// Prices of European options.
Op black_scholes() {
  return idiom("black_scholes", kMath, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId s = i.anchor({"spot", "price", "s"}, 0, 2, {0.6, 1.6});
    const Shape shape = i.shape(s);
    const bool grid = shape.size() == 1 && i.chance(0.3);
    const ValueId k = i.input({"strike", "k"},
                              grid            ? Shape{i.size()}
                              : i.chance(0.5) ? shape
                                              : Shape{},
                              {0.6, 1.6});
    const Term vol = constant(i, "vol", {"vol", "sigma", "volatility"}, {0.2, 0.3, 0.4}, 0.6);
    const Term rate = constant(i, "r", {"rate", "r"}, {0.05, 0.03, 0.01}, 0.4);
    const Term years = constant(i, "t", {"maturity", "t", "expiry"}, {0.25, 0.5, 2}, 0.6);
    const bool put = i.chance(0.4), both = i.chance(0.25);
    i.called({put && !both ? "put_price" : "call_price", "black_scholes", "option_price"});
    i.summary("Price European options by the formula of Black and Scholes.");
    const std::string cdf = normal_cdf(i);
    ValueId spot = s;
    Shape out = shape;
    if (grid) {
      spot = i.let({"spots"}, "$0[:, None]", {s}, {shape[0], 1}, {0.6, 1.6});
      out = {shape[0], i.dim(k, 0)};
    }
    const Terms terms = {{"s", spot}, {"k", k}, vol, rate, years};
    const ValueId price = option_price(i, terms, out, put && !both, cdf);
    if (both) {
      i.summary("Price calls, and puts by parity.");
      i.keep(price);
      let(i, {"put"}, "{c} - {s} + {k} * jnp.exp(-{r} * {t})", with(terms, {{"c", price}}), out,
          {0, 1});
    }
  });
}

// Sensitivities of an option's price by jax.grad, one or several, mapped over spots by choice.
Op option_greeks() {
  return idiom("option_greeks", kGradient, 1.1, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const bool mapped = i.chance(0.6), put = i.chance(0.4);
    const Shape shape = mapped ? Shape{i.size()} : Shape{};
    const ValueId s = i.input({"spot", "s", "underlying"}, shape, {0.6, 1.6});
    const ValueId vol = i.input({"vol", "sigma"}, Shape{}, {0.15, 0.6});
    const Term k = constant(i, "k", {"strike", "k"}, {0.95, 0.9, 1.1}, 0);
    const Term rate = constant(i, "r", {"rate"}, {0.05, 0.03, 0.01}, 0);
    const Term years = constant(i, "t", {"maturity"}, {0.25, 0.5, 2}, 0);
    const std::string cdf = normal_cdf(i);
    const BodyId price = i.helper(
        {put ? "put_price" : "call_price", "option_value"}, "Price one European option.",
        {{{"spot", "s"}, {i.real(), {}}, {0.6, 1.6}},
         {{"vol", "sigma"}, {i.real(), {}}, {0.15, 0.6}}},
        [&](const Ids& p) {
          return Ids{option_price(i, {{"s", p[0]}, {"vol", p[1]}, k, rate, years}, {}, put, cdf)};
        });
    const auto what = i.between(0, 3);
    i.called({what == 0   ? "delta"
              : what == 1 ? "vega"
              : what == 2 ? "gamma"
                          : "greeks",
              "sensitivities", "option_greeks"});
    i.summary("Differentiate an option's price.");
    const auto spell = [&](const std::string& f) {
      return mapped ? "jax.vmap(" + f + ", in_axes=(0, None))($0, $1)" : f + "($0, $1)";
    };
    const Type type{i.real(), shape};
    const Interval r{-1, 1};
    if (what == 0)
      i.let({"delta"}, spell(i.either({"jax.grad($f0)", "jax.grad($f0, argnums=0)"})), {s, vol},
            {price}, type, r);
    if (what == 1) i.let({"vega"}, spell("jax.grad($f0, argnums=1)"), {s, vol}, {price}, type, r);
    if (what == 2)
      i.let({"gamma"}, spell(i.either({"jax.grad(jax.grad($f0))", "jax.jacfwd(jax.grad($f0))"})),
            {s, vol}, {price}, type, {0, 3});
    if (what == 3) {
      const bool value = i.chance(0.4);
      std::vector<Part> parts = {{{"delta"}, type, r}, {{"vega"}, type, r}};
      if (value) parts.insert(parts.begin(), {{"price", "value"}, type, {0, 1}});
      i.unpack(spell(value ? "jax.value_and_grad($f0, argnums=(0, 1))"
                           : "jax.grad($f0, argnums=(0, 1))"),
               {s, vol}, {price}, parts, value ? std::vector<int>{0, 2} : std::vector<int>{});
    }
  });
}

// A bond's price with duration or convexity; flat yield or a curve.
Op bond() {
  return idiom("bond", kArithmetic, 0.9, kSmooth, [](Idiom& i) {
    const std::int64_t n = size_from(i, 3);
    const bool curve = i.chance(0.4);
    const ValueId y = i.input(curve ? Words{"zero_rates", "curve"} : Words{"yields", "y"},
                              Shape{curve ? n : i.size()}, {0.01, 0.15});
    const Term coupon = constant(i, "c", {"coupon", "c"}, {0.05, 0.04, 0.06}, 0.5);
    i.called({"bond_price", "price_bond", "present_value"});
    i.summary("Discount a bond's coupons and face value.");
    const ValueId years =
        i.let({"years", "times"}, fmt::format("jnp.arange(1, {}, dtype=$0.dtype)", n + 1), {y}, {n},
              {1, static_cast<double>(n)});
    const ValueId flows = let(i, {"flows", "cash"},
                              i.either({"jnp.full_like({t}, {c}).at[-1].add(1.0)",
                                        "{c} * jnp.ones_like({t}) + ({t} == {t}[-1])"}),
                              {{"t", years}, coupon}, {n}, {0.03, 1});
    const std::int64_t m = curve ? 0 : i.dim(y, 0);
    const Shape grid = curve ? Shape{n} : Shape{m, n}, out = curve ? Shape{} : Shape{m};
    const std::string yield = curve ? "{y}" : "{y}[:, None]";
    const bool continuous = i.chance(0.35);
    const ValueId discount =
        let(i, {"discount", "factors"},
            continuous
                ? "jnp.exp(-" + yield + " * {t})"
                : i.either({"(1.0 + " + yield + ") ** -{t}", "1.0 / (1.0 + " + yield + ") ** {t}"}),
            {{"y", y}, {"t", years}}, grid, {0.2, 1});
    const ValueId price =
        i.let({"price", "value"}, i.either({"$0 @ $1", "jnp.sum($0 * $1, axis=-1)"}),
              {discount, flows}, out, {0.5, 1.5});
    const auto what = i.between(0, 2);
    if (what == 0) return;
    i.summary(what == 1 ? "Give a bond's price and its duration."
                        : "Give a bond's price and its convexity.");
    i.keep(price);
    let(i, {what == 1 ? "duration" : "convexity"},
        what == 1             ? "{d} @ ({t} * {f}) / {p}"
        : continuous || curve ? "{d} @ ({t}**2 * {f}) / {p}"
                              : "{d} @ ({t} * ({t} + 1.0) * {f}) / ({p} * (1.0 + {y}) ** 2)",
        {{"d", discount}, {"t", years}, {"f", flows}, {"p", price}, {"y", y}}, out,
        {1, what == 1 ? 10.0 : 60.0});
  });
}

// An option on a binomial tree, backwards from expiry; European or with early exercise.
Op binomial_tree() {
  return idiom("binomial_tree", kLoop, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId s = i.input({"spot", "s0"}, Shape{}, {0.7, 1.4});
    const ValueId k = i.input({"strike", "k"}, Shape{}, {0.7, 1.4});
    const std::int64_t n = i.random().pick(std::vector<std::int64_t>{4, 5, 8, 10, 16});
    const ValueId vol = i.input({"vol", "sigma", "volatility"}, Shape{}, {0.2, 0.4});
    const std::string dt = i.setting({"dt"}, {Idiom::text(1.0 / static_cast<double>(n))});
    const Term rate = constant(i, "r", {"rate", "r"}, {0.02, 0.05, 0.03}, 0.5);
    const bool american = i.chance(0.5), call = !american && i.chance(0.5);
    i.called({american ? "american_put"
              : call   ? "tree_call"
                       : "tree_put",
              "binomial_tree", "price_on_tree"});
    i.summary(american ? "Price a put that may be exercised early on a tree."
                       : "Price an option on a binomial tree.");
    const ValueId at = i.let({"moves", "j"}, fmt::format("jnp.arange({}, dtype=$0.dtype)", n + 1),
                             {s}, {n + 1}, {0, static_cast<double>(n)});
    const ValueId up =
        i.let({"up", "u"},
              i.either({"jnp.exp($0 * jnp.sqrt(" + dt + "))", "jnp.exp($0 * " + dt + "**0.5)"}),
              {vol}, Shape{}, {1.04, 1.3});
    const Terms tree = {{"u", up}, rate};
    const ValueId odds =
        real(i, {"odds", "p_up"},
             i.either({"(jnp.exp({r} * " + dt + ") - 1.0 / {u}) / ({u} - 1.0 / {u})",
                       "({u} * jnp.exp({r} * " + dt + ") - 1.0) / ({u}**2 - 1.0)"}),
             tree, {0.4, 0.7});
    const ValueId prices =
        i.let({"prices", "terminal"}, fmt::format("$0 * $2 ** (2.0 * $1 - {}.0)", n), {s, at, up},
              {n + 1}, {0.3, 3});
    const std::string pays = call ? "jnp.maximum({x} - {k}, 0.0)" : "jnp.maximum({k} - {x}, 0.0)";
    const ValueId payoff =
        let(i, {"payoff", "values"}, pays, {{"x", prices}, {"k", k}}, {n + 1}, {0, 1});
    const auto back = [&](ValueId v) {
      return let(i, {"held", "continuation"},
                 "jnp.exp(-{r} * " + dt + ") * ({p} * jnp.roll({v}, -1) + (1.0 - {p}) * {v})",
                 with(tree, {{"p", odds}, {"v", v}}), Shape{n + 1}, {0, 1});
    };
    i.comment("The first entries stay right as the others run out.");
    std::vector<Idiom::Carry> carries = {{{"v", "values"}, payoff, {0, 1}, {"values", "v_root"}}};
    if (american) carries.push_back({{"x", "stock"}, prices, {0.3, 3}, {}});
    const Ids out = repeat(i, 0, n, {"backward", "roll_back"}, carries, [&](const Ids& p) {
      const ValueId held = back(p[0]);
      if (!american) return Ids{held};
      const ValueId x =
          i.let({"stock_before", "spot_now"}, "$0 * $1", {p[1], up}, {n + 1}, {0.3, 3});
      return Ids{let(i, {"best", "exercised"}, "jnp.maximum({h}, {k} - {x})",
                     {{"h", held}, {"k", k}, {"x", x}}, {n + 1}, {0, 1}),
                 x};
    });
    i.let({"price", "premium"}, "$0[0]", {out[0]}, Shape{}, {0, 0.6});
  });
}

// Mean and variance of a portfolio from returns: Sharpe's ratio, contributions to risk, the weights
// of least variance or of the best return per risk.
Op portfolio() {
  return idiom("portfolio", kLinearAlgebra, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t k = size_from(i, 2, 7), n = size_from(i, k + 1);
    const ValueId returns = i.input({"returns", "asset_returns"}, {n, k}, {-0.2, 0.3});
    const auto what = i.between(0, 3);
    const ValueId mean =
        i.let({"mean", "mu"}, i.either({"jnp.mean($0, axis=0)", "$0.mean(axis=0)"}), {returns}, {k},
              {-0.1, 0.2});
    const bool library = what == 3 && i.chance(0.4);
    ValueId cov;
    if (library || what == 1) {
      cov = i.let({"cov", "covariance"}, i.either({"jnp.cov($0, rowvar=False)", "jnp.cov($0.T)"}),
                  {returns}, {k, k}, {-0.01, 0.03});
    } else {
      const ValueId off =
          i.let({"excess", "deviations"}, "$0 - $1", {returns, mean}, {n, k}, {-0.3, 0.3});
      cov = i.let({"cov", "covariance"}, fmt::format("$0.T @ $0 / {}", n - 1), {off}, {k, k},
                  {-0.01, 0.03});
    }
    if (what == 3) {
      const std::string ridge = i.either({"1e-2", "5e-3"});
      const bool least = i.chance(0.5);
      i.called({least ? "min_variance" : "tangency_weights", "optimal_weights", "allocate"});
      i.summary(least ? "Find the portfolio of least variance."
                      : "Find the portfolio of the best return for its risk.");
      const ValueId raw =
          i.let({"raw", "unscaled"},
                "jnp.linalg.solve($0 + " + ridge + " * jnp.eye($0.shape[0], dtype=$0.dtype), " +
                    (least ? "jnp.ones_like($1))" : "$1)"),
                {cov, mean}, {k}, {-20, 60});
      if (!least) i.comment("Long and short positions together are as large as the capital.");
      i.let({"weights", "allocation"},
            least ? i.either({"$0 / jnp.sum($0)", "$0 / $0.sum()"})
                  : i.either({"$0 / jnp.sum(jnp.abs($0))", "$0 / jnp.linalg.norm($0, 1)"}),
            {raw}, {k}, {-1, 1});
      return;
    }
    const ValueId raw = i.input({"holdings", "weights", "w"}, Shape{k}, {0.1, 1});
    const ValueId w = i.chance(0.6)
                          ? i.let({"weights", "shares"}, "$0 / jnp.sum($0)", {raw}, {k}, {0, 0.7})
                          : raw;
    const ValueId var = i.let(
        {"variance", "risk"},
        i.either({"$0 @ $1 @ $0", "jnp.einsum(\"i,ij,j->\", $0, $1, $0)", "jnp.dot($0, $1 @ $0)"}),
        {w, cov}, Shape{}, {0.001, 0.1});
    if (what == 2) {
      i.called({"risk_contributions", "risk_budget", "marginal_risk"});
      i.summary("Share a portfolio's risk out among its assets.");
      let(i, {"contributions", "shares_of_risk"}, "{w} * ({c} @ {w}) / {v}",
          {{"w", w}, {"c", cov}, {"v", var}}, {k}, {0, 1});
      return;
    }
    i.called({"sharpe_ratio", "portfolio_stats", "risk_return"});
    i.summary("Give a portfolio's expected return per unit of risk.");
    const std::string days = i.either({"jnp.sqrt(252.0) * ", "jnp.sqrt(12.0) * ", ""});
    // Of one day, month or year.
    const double least = days.empty() ? 0.02 : days.find("252") == days.npos ? 0.002 : 0.0001;
    const Term rf = constant(i, "rf", {"risk_free", "rf"}, {least, 1.5 * least, 2 * least});
    let(i, {"sharpe", "ratio"}, days + "(({w} @ {m}) - {rf}) / jnp.sqrt({v})",
        {{"w", w}, {"m", mean}, rf, {"v", var}}, Shape{}, {-3, 6});
  });
}

// How far prices fell below their last peak: at each time, the worst, or the root of the mean
// square.
Op drawdown() {
  return idiom("drawdown", kReduction, 0.9, kSmooth, [](Idiom& i) {
    const bool many = i.chance(0.4);
    Shape shape{size_from(i, 5)};
    if (many) shape.push_back(i.size());
    const ValueId r = i.input({"returns", "period_returns"}, shape, {-0.3, 0.32});
    const Shape kept(shape.begin() + 1, shape.end());
    const ValueId wealth =
        i.let({"wealth", "equity"},
              i.either({"jnp.cumprod(1.0 + $0, axis=0)", "jnp.exp(jnp.cumsum($0, axis=0))",
                        "jnp.exp(jnp.cumsum(jnp.log1p($0), axis=0))"}),
              {r}, shape, {0.3, 3});
    const ValueId peak =
        i.let({"peak", "high_water"},
              i.either({"lax.cummax($0, axis=0)", "lax.associative_scan(jnp.maximum, $0)",
                        "lax.cummax($0)"}),
              {wealth}, shape, {0.7, 3});
    const ValueId fall = i.let({"drawdown", "fall"}, i.either({"1.0 - $0 / $1", "($1 - $0) / $1"}),
                               {wealth, peak}, shape, {0, 0.7});
    const auto what = i.between(0, 2);
    if (what == 0) {
      i.called({"max_drawdown", "worst_fall", "worst_loss"});
      i.summary("Give the largest fall of a price below its last peak.");
      i.let({"worst", "max_drawdown"}, i.either({"jnp.max($0, axis=0)", "$0.max(axis=0)"}), {fall},
            kept, {0.1, 0.7});
    } else if (what == 2) {
      i.called({"drawdown", "drawdown_curve", "underwater"});
      i.summary("Give how far a price stands below its last peak.");
    } else {
      i.called({"ulcer_index", "root_mean_drawdown", "drawdown_risk"});
      i.summary("Give the root mean square of the falls below a peak.");
      i.let({"ulcer"},
            i.either({"jnp.sqrt(jnp.mean($0**2, axis=0))",
                      "jnp.sqrt(jnp.mean(jnp.square($0), axis=0))"}),
            {fall}, kept, {0.05, 0.5});
    }
  });
}

// Paths of a price from given noise by geometric Brownian motion, and what options on them are
// worth.
Op price_paths() {
  return idiom("price_paths", kArray, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t paths = i.size(), steps = size_from(i, 4);
    const ValueId noise = i.input({"noise", "shocks", "z"}, {paths, steps}, {-1.7, 1.7});
    const auto what = i.between(0, 4);
    const Term drift =
                   constant(i, "mu", what == 0 ? Words{"drift", "mu"} : Words{"rate", "risk_free"},
                            {0.05, 0.03, 0.08}),
               vol = constant(i, "vol", {"vol", "sigma"}, {0.2, 0.3, 0.4}, 0.4);
    const std::string dt = i.either({"0.05", "0.1", "0.02"});
    const Terms terms = {{"z", noise}, drift, vol};
    const ValueId moves =
        let(i, {"log_returns", "increments"},
            i.either({"({mu} - 0.5 * {vol}**2) * " + dt + " + {vol} * jnp.sqrt(" + dt + ") * {z}",
                      "{vol} * " + dt + "**0.5 * {z} + " + dt + " * ({mu} - {vol}**2 / 2.0)"}),
            terms, {paths, steps}, {-0.4, 0.4});
    const ValueId s0 = i.input({"spot", "s0"}, Shape{}, {0.8, 1.2});
    const ValueId path = i.let(
        {"paths", "prices"},
        i.either({"$0 * jnp.exp(jnp.cumsum($1, axis=1))", "$0 * jnp.cumprod(jnp.exp($1), axis=-1)",
                  "$0 * jnp.exp(jnp.cumsum($1, axis=-1))"}),
        {s0, moves}, {paths, steps}, {0.5, 2});
    if (what == 0) {
      i.called({"simulate_gbm", "price_paths", "simulate_prices"});
      i.summary("Turn noise into paths of a price.");
      return;
    }
    i.called({"monte_carlo_price", "option_from_paths", "monte_carlo"});
    const std::string strike = what == 4 ? "" : i.setting({"strike"}, {"0.8", "0.9"});
    const Words forms = {"", "$0[:, -1]", "jnp.mean($0, axis=1)", "jnp.max($0, axis=1)",
                         "jnp.min($0, axis=1)"};
    const ValueId figure = i.let({what == 1   ? "terminal"
                                  : what == 2 ? "average"
                                  : what == 3 ? "highest"
                                              : "lowest"},
                                 forms[static_cast<std::size_t>(what)], {path}, {paths}, {0.5, 2});
    i.summary(what == 1   ? "Estimate a call's value from simulated paths."
              : what == 2 ? "Price an Asian call, on the average of a path."
              : what == 3 ? "Price a lookback call, on the highest price of a path."
                          : "Price a lookback call whose strike is the lowest price of a path.");
    const ValueId pay =
        what == 4 ? i.let({"payoff", "payoffs"}, "$0[:, -1] - $1", {path, figure}, {paths}, {0, 1})
                  : i.let({"payoff", "payoffs"}, "jnp.maximum($0 - " + strike + ", 0.0)", {figure},
                          {paths}, {0, 1});
    const std::string years = fmt::format("{:g}", std::stod(dt) * static_cast<double>(steps));
    real(i, {"value", "estimate"},
         i.either({"jnp.exp(-{mu} * " + years + ") * jnp.mean({p})",
                   "jnp.mean({p}) * jnp.exp(-{mu} * " + years + ")"}),
         {drift, {"p", pay}}, {0, 1});
  });
}

// Volatility in a window that moves along returns: by slices under a map, or by indices.
Op rolling_volatility() {
  return idiom("rolling_volatility", kIndexing, 0.9, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 7), window = i.between(3, n - 3), count = n - window;
    const ValueId prices = i.input({"prices", "close", "p"}, Shape{n}, {0.6, 1.6});
    i.called({"rolling_volatility", "realized_vol", "windowed_deviation"});
    i.summary("Give the volatility of returns in a moving window.");
    const ValueId r = i.let(
        {"returns", "log_returns"},
        i.either({"jnp.diff(jnp.log($0))", "jnp.log($0[1:] / $0[:-1])", "$0[1:] / $0[:-1] - 1.0"}),
        {prices}, {n - 1}, {-0.8, 0.8});
    const std::string year = i.either({"", " * jnp.sqrt(252.0)", " * 252**0.5"});
    if (i.chance(0.4)) {
      const BodyId one = i.function(
          {"at_window", "deviation"},
          {{{"start", "i"}, {i.integer(), {}}, {0, static_cast<double>(count)}}},
          [&](const Ids& p) {
            const ValueId part = i.let({"part", "window"},
                                       fmt::format("lax.dynamic_slice_in_dim($0, $1, {})", window),
                                       {r, p[0]}, {window}, {-0.8, 0.8});
            return Ids{i.let({"deviation"},
                             i.either({"jnp.std($0)", "jnp.sqrt(jnp.mean($0**2))", "$0.std()"}),
                             {part}, Shape{}, {0.1, 0.6})};
          });
      const ValueId starts = i.let({"starts"}, fmt::format("jnp.arange({})", count), {},
                                   Type{i.integer(), {count}}, {0, static_cast<double>(count)});
      i.let({"volatility", "vol"}, "jax.vmap($f0)($0)" + year, {starts}, {one}, {i.real(), {count}},
            {0.1, 10});
      return;
    }
    const ValueId at = i.let(
        {"index", "idx"},
        i.either({fmt::format("jnp.arange({})[:, None] + jnp.arange({})", count, window),
                  fmt::format("jnp.add.outer(jnp.arange({}), jnp.arange({}))", count, window)}),
        {}, Type{i.integer(), {count, window}}, {0, static_cast<double>(n)});
    const ValueId parts = i.let({"windows", "frames"}, i.either({"$0[$1]", "jnp.take($0, $1)"}),
                                {r, at}, {count, window}, {-0.8, 0.8});
    i.let({"volatility", "vol"},
          i.either({"jnp.std($0, axis=1)", "jnp.std($0, axis=-1, ddof=1)",
                    "jnp.sqrt(jnp.mean(jnp.square($0), axis=1))"}) +
              year,
          {parts}, {count}, {0.1, 10});
  });
}

// Variance that remembers: an exponential average or GARCH, return after return.
Op garch() {
  return idiom("garch", kLoop, 0.9, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    Shape shape{size_from(i, 4)};
    if (i.chance(0.4)) shape.push_back(i.size());
    const Shape one(shape.begin() + 1, shape.end());
    const ValueId r = i.input({"returns", "shocks"}, shape, {-1, 1});
    const bool full = i.chance(0.6), asymmetric = full && i.chance(0.4), likelihood = i.chance(0.4);
    const Term a = constant(i, "a", {"alpha", "a"},
                            full ? std::vector<double>{0.1, 0.08, 0.05}
                                 : std::vector<double>{0.06, 0.05, 0.1}),
               b = full ? constant(i, "b", {"beta", "b"}, {0.8, 0.82, 0.85}) : Term{},
               w = full ? constant(i, "w", {"omega", "base"}, {0.05, 0.02}) : Term{};
    i.called(
        {full ? "garch_variance" : "ewma_variance", "conditional_variance", "filter_variance"});
    i.summary(asymmetric ? "Let variance rise more after losses than after gains."
              : full     ? "Filter the variance of returns by GARCH."
                         : "Average squared returns with weights that fade.");
    const ValueId start =
        i.let({"start", "long_run"}, i.either({"jnp.mean($0**2, axis=0)", "jnp.var($0, axis=0)"}),
              {r}, one, {0.1, 0.8});
    i.scan({"update", "garch_step"}, {{{"var", "h"}, start, {0.05, 1}, {"next_var", "outlook"}}},
           {{{"r", "shock"}, r}},
           {{likelihood ? "scores" : "variances", likelihood ? "log_likelihood" : "path"}},
           [&](const Ids& p) {
             const Terms terms = {{"h", p[0]}, {"r", p[1]}, a, b, w};
             const ValueId next = let(
                 i, {"var_next", "updated"},
                 !full
                     ? i.either({"{a} * {r}**2 + (1.0 - {a}) * {h}", "{h} + {a} * ({r}**2 - {h})"})
                 : asymmetric
                     ? "{w} + {a} * {r}**2 + 0.1 * jnp.where({r} < 0, {r}**2, 0.0) + {b} * {h}"
                     : "{w} + {a} * {r}**2 + {b} * {h}",
                 terms, one, {0.05, 1});
             return Ids{next, likelihood ? let(i, {"score"}, "-0.5 * (jnp.log({h}) + {r}**2 / {h})",
                                               terms, one, {-4, 1.5})
                              : i.chance(0.5) ? p[0]
                                              : next};
           });
  });
}

// The internal rate of return by Newton on the present value of cash flows.
Op internal_rate() {
  return idiom("internal_rate", kGradient, 0.7, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 3, 10);
    const ValueId flows = i.input({"cash_flows", "inflows"}, Shape{n}, {0.2, 0.6});
    const ValueId cost = i.input({"cost", "outlay"}, Shape{}, {0.5, 1});
    i.called({"internal_rate", "irr", "break_even_rate"});
    i.summary("Find the rate at which inflows are worth what they cost.");
    const BodyId npv = i.helper(
        {"npv", "net_present_value"}, "Discount cash flows at a rate and take the cost off.",
        {{{"rate", "r"}, {i.real(), {}}, {0, 0.6}},
         {{"flows"}, {i.real(), {n}}, {0.2, 0.6}},
         {{"cost"}, {i.real(), {}}, {0.5, 1}}},
        [&](const Ids& p) {
          const ValueId t = i.let({"years", "t"}, "jnp.arange(1, $0.shape[0] + 1, dtype=$0.dtype)",
                                  {p[1]}, {n}, {1, static_cast<double>(n)});
          return Ids{let(i, {"value"},
                         i.either({"jnp.sum({f} / (1.0 + {r}) ** {t}) - {c}",
                                   "{f} @ (1.0 + {r}) ** -{t} - {c}",
                                   "jnp.sum({f} * jnp.exp(-{r} * {t})) - {c}"}),
                         {{"f", p[1]}, {"r", p[0]}, {"t", t}, {"c", p[2]}}, Shape{}, {-1, 2})};
        });
    const std::string first = i.either({"0.1", "0.05"});
    const ValueId start = i.let({"guess", "start"}, "jnp.full((), " + first + ", $0.dtype)", {cost},
                                Shape{}, {0, 0.6});
    const bool both = i.chance(0.5);
    repeat(i, 0, i.between(4, 7), {"newton", "improve"},
           {{{"rate", "r"}, start, {0, 0.8}, {"rate", "irr"}}}, [&](const Ids& p) {
             ValueId v, d;
             const Type scalar{i.real(), {}};
             if (both) {
               const Ids out =
                   i.unpack("jax.value_and_grad($f0)($0, $1, $2)", {p[0], flows, cost}, {npv},
                            {{{"value"}, scalar, {-1, 2}}, {{"slope"}, scalar, {-8, -0.5}}});
               v = out[0];
               d = out[1];
             } else {
               v = i.call({"value"}, npv, {p[0], flows, cost}, scalar, {-1, 2});
               d = i.let({"slope"}, "jax.grad($f0)($0, $1, $2)", {p[0], flows, cost}, {npv}, scalar,
                         {-8, -0.5});
             }
             return Ids{i.let({"rate_next"}, "$0 - $1 / $2", {p[0], v, d}, Shape{}, {0, 0.8})};
           });
  });
}

// A rule that is long where the short average stands above the long one; what it earns.
Op crossover() {
  return idiom("crossover", kConditional, 0.9, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 8);
    const ValueId r = i.input({"returns", "moves"}, Shape{n}, {-0.2, 0.2});
    i.called({"crossover", "trend_rule", "backtest"});
    i.summary("Hold what trends: compare a short average with a long one.");
    const ValueId p =
        i.let({"prices", "level"},
              i.either({"jnp.cumsum($0)", "jnp.exp(jnp.cumsum($0))", "jnp.cumprod(1.0 + $0)"}), {r},
              {n}, {-1, 2});
    const std::int64_t fast = i.between(2, 3), slow = i.between(4, 5);
    const auto average = [&](std::int64_t w, Words names) {
      // Of as many as there are so far where these are fewer.
      return i.let(std::move(names),
                   fmt::format("jnp.convolve($0, jnp.ones({0}, $0.dtype))[:{1}] / "
                               "jnp.minimum(jnp.arange(1, {2}), {0})",
                               w, n, n + 1),
                   {p}, {n}, {-1, 2});
    };
    const ValueId quick = average(fast, {"fast", "short_mean"}),
                  lazy = average(slow, {"slow", "long_mean"});
    const std::string off = i.either({"-1.0", "0.0"});
    const ValueId side =
        i.let({"position", "side"}, "jnp.where($0 > $1, 1.0, " + off + ").astype($0.dtype)",
              {quick, lazy}, {n}, {-1, 1});
    const ValueId gain =
        i.let({"pnl", "earned"}, i.either({"$0[:-1] * $1[1:]", "$1[1:] * $0[:-1]"}), {side, r},
              {n - 1}, {-0.2, 0.2});
    const auto what = i.between(0, 2);
    i.summary(what == 0   ? "Follow what a rule that holds what trends earns."
              : what == 1 ? "Give the mean gain of a trend rule per deviation."
                          : "Add up what a rule that holds what trends earns.");
    if (what == 0)
      i.let({"equity", "wealth"}, i.either({"jnp.cumsum($0)", "jnp.cumprod(1.0 + $0)"}), {gain},
            {n - 1}, {-1, 2});
    if (what == 1)
      i.let({"score", "sharpe"}, "jnp.mean($0) / (jnp.std($0) + 1e-6)", {gain}, Shape{}, {-1, 1});
    if (what == 2)
      i.let({"total"}, i.either({"jnp.sum($0)", "$0.sum()"}), {gain}, Shape{}, {-0.6, 0.6});
  });
}

// What a bad day costs: value at risk and expected shortfall by quantile or by sorting.
Op shortfall() {
  return idiom("shortfall", kReduction, 0.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 6), k = i.size();
    const ValueId r = i.input({"scenarios", "returns"}, {n, k}, {-0.4, 0.5});
    const ValueId w = i.input({"weights", "holdings"}, Shape{k}, {0.1, 1});
    const bool by_quantile = i.chance(0.5), alone = by_quantile && i.chance(0.4);
    i.called(alone ? Words{"value_at_risk", "loss_quantile"}
                   : Words{"expected_shortfall", "tail_loss"});
    i.summary(alone ? "Loss of a portfolio that few scenarios exceed."
                    : "Mean loss of a portfolio in its worst scenarios.");
    const ValueId loss =
        i.let({"losses", "loss"}, i.either({"-($0 @ $1)", "-jnp.einsum(\"sk,k->s\", $0, $1)"}),
              {r, w}, {n}, {-1, 1});
    if (by_quantile) {
      const std::string level = i.either({"0.9", "0.8", "0.75"});
      const ValueId var =
          i.let({"var", "threshold"},
                i.either({"jnp.quantile($0, " + level + ")",
                          fmt::format("jnp.percentile($0, {:.0f})", 100 * std::stod(level))}),
                {loss}, Shape{}, {0.1, 1});
      if (!alone)
        i.let({"shortfall", "tail_mean"},
              i.either({"$1 + jnp.mean(jnp.maximum($0 - $1, 0.0)) / (1.0 - " + level + ")",
                        "jnp.mean($0, where=$0 >= $1)"}),
              {loss, var}, Shape{}, {0.1, 1.5});
      return;
    }
    const std::int64_t worst = i.between(1, n / 2);
    i.let({"shortfall", "tail_mean"},
          i.either({fmt::format("jnp.mean(jnp.sort($0)[-{}:])", worst),
                    fmt::format("jnp.mean(lax.top_k($0, {})[0])", worst),
                    fmt::format("jnp.sort($0)[::-1][:{}].mean()", worst)}),
          {loss}, Shape{}, {0.1, 1});
  });
}

}  // namespace

std::vector<Op> finance_idioms() {
  return {black_scholes(), option_greeks(), bond(),        binomial_tree(),
          portfolio(),     drawdown(),      price_paths(), rolling_volatility(),
          garch(),         internal_rate(), crossover(),   shortfall()};
}

}  // namespace jaxsmith::plan
