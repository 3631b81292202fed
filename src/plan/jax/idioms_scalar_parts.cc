#include "plan/jax/idioms_scalar_parts.h"

#include <fmt/format.h>

namespace jaxsmith::plan {
using Ids = Idiom::Ids;
using Words = Idiom::Words;

ValueId whole(Idiom& i, Words names, std::string_view form, const Terms& terms, Interval range) {
  return let(i, std::move(names), form, terms, counts(i, {}), range);
}

std::string both(Idiom& i, const Comparison& a, const Comparison& b) {
  return i.either({fmt::format("({}) & ({})", a.holds, b.holds),
                   fmt::format("({}) & ({})", b.holds, a.holds),
                   fmt::format("jnp.logical_and({}, {})", a.holds, b.holds),
                   fmt::format("~(({}) | ({}))", a.fails, b.fails),
                   fmt::format("jnp.logical_not(({}) | ({}))", a.fails, b.fails),
                   fmt::format("({}) & ~({})", a.holds, b.fails)});
}

std::string any_of(Idiom& i, const std::string& a, const std::string& b) {
  return i.either({fmt::format("({}) | ({})", a, b), fmt::format("jnp.logical_or({}, {})", a, b)});
}

Ids settle(Idiom& i, const Settling& how, std::vector<Idiom::Carry> carries, Words step_names,
           const Idiom::Fill& step) {
  const std::size_t own = carries.size();
  const Interval steps{0, static_cast<double>(how.most)};
  const bool flag = i.chance(0.35);  // whether it is done, else the error itself
  const std::string most = fmt::format("{}", how.most);
  const ValueId first =
      flag ? i.let({"done", "converged"},
                   i.either({"jnp.array(False)", "jnp.bool_(False)", "jnp.zeros((), dtype=bool)"}),
                   {}, flags({}), {0, 1})
           : infinity(i);
  carries.push_back({flag ? Words{"done", "converged"} : Words{"error", "change", "err"},
                     first,
                     flag ? Interval{0, 1} : Interval{0, how.error},
                     {}});
  carries.push_back({{"k", "count", "it"},
                     i.builder().literal(0, i.integer()),
                     steps,
                     how.counted ? Words{"iterations", "steps"} : Words{}});
  const std::string going = flag ? both(i, {"~{e}", "{e}"}, {"{k} < " + most, "{k} >= " + most})
                                 : both(i, {"{e} > " + how.tolerance, "{e} <= " + how.tolerance},
                                        {"{k} < " + most, "{k} >= " + most});
  const Ids out = i.while_loop(
      std::move(carries), {"unsettled", "keep_going", "cond_fn", "not_converged"},
      [&](const Ids& p) {
        return Ids{test(i, {"more", "going_on"}, going, {{"e", p[own]}, {"k", p[own + 1]}})};
      },
      std::move(step_names),
      [&](const Ids& p) {
        Ids next = step({p.begin(), p.begin() + static_cast<std::ptrdiff_t>(own)});
        if (flag)
          next[own] = test(i, {"small", "reached"},
                           i.either({"{e} <= " + how.tolerance, "{e} < " + how.tolerance,
                                     "~({e} > " + how.tolerance + ")"}),
                           {{"e", next[own]}});
        next.push_back(whole(i, {"k_next", "one_more"}, "{k} + 1", {{"k", p[own + 1]}}, steps));
        return next;
      });
  Ids results(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(own));
  if (how.counted) results.push_back(out[own + 1]);
  return results;
}

}  // namespace jaxsmith::plan
