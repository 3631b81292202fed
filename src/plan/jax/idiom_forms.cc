#include "plan/jax/idiom_forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "plan/jax/op_helpers.h"

namespace jaxsmith::plan {

Type flags(Shape shape) { return {DType::kBool, std::move(shape)}; }

Type counts(const Idiom& i, Shape shape) { return {i.integer(), std::move(shape)}; }

Type scalar(const Idiom& i) { return {i.real(), {}}; }

bool half_precision(const Idiom& i) { return half_precision(i.real()); }

bool single_precision(Idiom& i) {
  return i.real() == DType::kF32 && i.builder().default_real() == DType::kF32;
}

Interval below(std::int64_t n) { return {0, static_cast<double>(n)}; }

std::int64_t size_from(Idiom& i, std::int64_t least, std::int64_t most) {
  for (int tries = 0; tries < 12; ++tries) {
    const std::int64_t size = i.size();
    if (size >= least && size <= most) return size;
  }
  i.fail();
}

std::int64_t few(Idiom& i, std::int64_t most, std::int64_t least) {
  return std::clamp<std::int64_t>(i.size(), least, most);
}

Shape drawn_shape(Idiom& i, int min_rank, int max_rank) {
  Shape shape;
  if (min_rank == 0 && i.chance(0.4)) return shape;
  const auto rank = i.between(min_rank, max_rank);
  for (std::int64_t k = 0; k < rank; ++k) shape.push_back(i.size());
  return shape;
}

Shape row(Idiom& i, std::int64_t least) { return {std::max(least, i.size())}; }

Shape number_or_row(Idiom& i, std::int64_t least) {
  if (i.chance(0.6)) return {};
  return row(i, least);
}

Formula formula(std::string_view form, const Terms& terms) {
  Formula out;
  for (std::size_t at = 0; at < form.size(); ++at) {
    const std::size_t end = form[at] == '{' ? form.find('}', at) : std::string_view::npos;
    if (end == std::string_view::npos) {
      out.spelling += form[at];
      continue;
    }
    const std::string_view name = form.substr(at + 1, end - at - 1);
    const auto term = std::ranges::find(terms, name, &Term::name);
    at = end;
    if (term != terms.end() && term->id == kNoValue && !term->text.empty()) {
      out.spelling += term->text;
      continue;
    }
    // A value that is missing fails the step.
    const ValueId id = term == terms.end() ? kNoValue : term->id;
    auto place = std::ranges::find(out.operands, id);
    if (place == out.operands.end()) place = out.operands.insert(place, id);
    out.spelling += fmt::format("${}", place - out.operands.begin());
  }
  return out;
}

ValueId let(Idiom& i, Idiom::Words names, std::string_view form, const Terms& terms, Type type,
            Interval range) {
  Formula f = formula(form, terms);
  return i.let(std::move(names), std::move(f.spelling), std::move(f.operands), std::move(type),
               range);
}

ValueId let(Idiom& i, Idiom::Words names, std::string_view form, const Terms& terms, Shape shape,
            Interval range) {
  return let(i, std::move(names), form, terms, Type{i.real(), std::move(shape)}, range);
}

ValueId test(Idiom& i, Idiom::Words names, std::string_view form, const Terms& terms) {
  return let(i, std::move(names), form, terms, flags({}), {0, 1});
}

ValueId real(Idiom& i, Idiom::Words names, std::string_view form, const Terms& terms,
             Interval range) {
  return let(i, std::move(names), form, terms, Shape{}, range);
}

ValueId zero_like(Idiom& i, Idiom::Words names, ValueId of, Interval range) {
  return i.let(std::move(names), i.either({"jnp.zeros_like($0)", "jnp.zeros($0.shape, $0.dtype)"}),
               {of}, i.type(of), range);
}

Term constant(Idiom& i, std::string name, const Idiom::Words& names,
              const std::vector<double>& numbers, double given) {
  const double number = i.number(numbers);
  if (i.chance(given)) {
    const double low = 0.8 * std::min(number, 1.25 * number),
                 high = 1.25 * std::max(number, 0.8 * number);
    const ValueId id = i.input(names, Shape{}, {low, high});
    return {std::move(name), id, {}};
  }
  return {std::move(name), kNoValue, Idiom::text(number)};
}

Idiom::Ids repeat(Idiom& i, std::int64_t from, std::int64_t to, Idiom::Words step_names,
                  std::vector<Idiom::Carry> carries, const Idiom::Fill& step) {
  return i.fori(from, to, std::move(step_names), std::move(carries),
                [&](const Idiom::Ids& p) { return step({p.begin() + 1, p.end()}); });
}

std::vector<Idiom::Words> when(bool wanted, Idiom::Words names) {
  return wanted ? std::vector<Idiom::Words>{std::move(names)} : std::vector<Idiom::Words>{};
}

ValueId iterated(Idiom& i, std::int64_t steps, Idiom::Words step_names, Idiom::Carry carry,
                 const std::function<ValueId(ValueId)>& step, double by_fori) {
  if (i.chance(by_fori))
    return repeat(i, 0, steps, std::move(step_names), {std::move(carry)},
                  [&](const Idiom::Ids& p) { return Idiom::Ids{step(p[0])}; })[0];
  return i
      .scan(
          std::move(step_names), {std::move(carry)}, {}, {},
          [&](const Idiom::Ids& p) { return Idiom::Ids{step(p[0])}; }, "", steps)
      .final[0];
}

Terms with(Terms terms, const Terms& more) {
  terms.insert(terms.end(), more.begin(), more.end());
  return terms;
}

ValueId count_from(Idiom& i, Idiom::Words names, std::int64_t first, Interval range) {
  return i.let(std::move(names), fmt::format("jnp.array({})", first), {}, counts(i, {}), range);
}

std::string halved(const std::string& value) {
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool is_number = error == std::errc{} && end == value.data() + value.size();
  return is_number ? Idiom::text(0.5 * number) : "0.5 * " + value;
}

Idiom::Ids and_when(bool wanted, Idiom::Ids ids, ValueId more) {
  if (wanted) ids.push_back(more);
  return ids;
}

Idiom::Ids branch(Idiom& i, ValueId predicate, const Idiom::Ids& operands,
                  std::vector<Idiom::Part> parameters, Idiom::Words yes_names,
                  const Idiom::Fill& yes, Idiom::Words no_names, const Idiom::Fill& no,
                  std::vector<Idiom::Part> parts) {
  if (i.chance(0.4))
    return i.cond(
        predicate, {}, {}, std::move(yes_names), [&](const Idiom::Ids&) { return yes(operands); },
        std::move(no_names), [&](const Idiom::Ids&) { return no(operands); }, std::move(parts));
  const bool packed = operands.size() > 1 && i.chance(0.4);
  return i.cond(predicate, operands, std::move(parameters), std::move(yes_names), yes,
                std::move(no_names), no, std::move(parts), {packed, {}});
}

Idiom::Ids mapped(Idiom& i, Idiom::Words step_names, const std::vector<Idiom::Slice>& over,
                  const std::vector<Idiom::Words>& results, const Idiom::Fill& step) {
  std::vector<Idiom::Part> parameters, parts;
  Idiom::Ids operands;
  const auto reach = [&](ValueId id) {
    if (id == kNoValue) i.fail();
    return practical(i.program().values[static_cast<std::size_t>(id)].stats);
  };
  for (const Idiom::Slice& s : over) {
    const Interval range = reach(s.of);
    parameters.push_back({s.names, Type{i.type(s.of).dtype, i.without_axis(s.of, 0)}, range});
    operands.push_back(s.of);
  }
  const std::int64_t length = i.dim(operands.front(), 0);
  const auto group = [](std::size_t n) {
    return n > 1 ? std::vector<int>{static_cast<int>(n)} : std::vector<int>{};
  };
  const BodyId body = i.function(
      std::move(step_names), std::move(parameters),
      [&](const Idiom::Ids& p) {
        Idiom::Ids made = step(p);
        if (made.size() != results.size()) return Idiom::Ids{};
        for (std::size_t k = 0; k < made.size(); ++k) {
          const Interval range = reach(made[k]);
          Type all = i.type(made[k]);
          all.shape.insert(all.shape.begin(), length);
          parts.push_back({results[k], std::move(all), range});
        }
        return made;
      },
      group(over.size()), group(results.size()));
  std::string taken = Idiom::holes(0, operands.size());
  if (operands.size() > 1) taken = "(" + taken + ")";
  return i.unpack("lax.map($f0, " + taken + ")", std::move(operands), {body}, std::move(parts), {},
                  Loop{0, 0, length});
}

ValueId infinity(Idiom& i) {
  const ValueId id = i.builder().literal(0, i.real());
  i.builder().program().values[static_cast<std::size_t>(id)].literal = "jnp.inf";
  return id;
}

std::string both_hold(Idiom& i, const Comparison& a, const Comparison& b) {
  return i.either({fmt::format("({}) & ({})", a.holds, b.holds),
                   fmt::format("({}) & ({})", b.holds, a.holds),
                   fmt::format("jnp.logical_and({}, {})", a.holds, b.holds),
                   fmt::format("~(({}) | ({}))", a.fails, b.fails),
                   fmt::format("jnp.logical_not(({}) | ({}))", a.fails, b.fails),
                   fmt::format("({}) & ~({})", a.holds, b.fails)});
}

Idiom::Ids until_settled(Idiom& i, const Settling& how, std::vector<Idiom::Carry> carries,
                         Idiom::Words step_names, const Idiom::Fill& step) {
  const std::size_t own = carries.size();
  const Interval rounds{0, static_cast<double>(how.most)};
  const bool flag = i.chance(0.35);  // whether it is done, else the change itself
  const std::string most = fmt::format("{}", how.most);
  const ValueId first =
      flag ? i.let({"done", "converged"},
                   i.either({"jnp.array(False)", "jnp.bool_(False)", "jnp.zeros((), dtype=bool)"}),
                   {}, flags({}), {0, 1})
           : infinity(i);
  carries.push_back({flag ? Idiom::Words{"done", "converged"} : Idiom::Words{"change", "error"},
                     first,
                     flag ? Interval{0, 1} : Interval{0, how.change},
                     {}});
  carries.push_back(
      {{"count", "k", "it"}, i.builder().literal(0, i.integer()), rounds, how.rounds});
  const Comparison left{"{k} < " + most, "{k} >= " + most};
  const std::string going =
      flag ? both_hold(i, {"~{e}", "{e}"}, left)
           : both_hold(i, {"{e} > " + how.tolerance, "{e} <= " + how.tolerance}, left);
  const Idiom::Ids out = i.while_loop(
      std::move(carries), {"unsettled", "keep_going", "cond_fn", "not_converged"},
      [&](const Idiom::Ids& p) {
        return Idiom::Ids{test(i, {"more", "going_on"}, going, {{"e", p[own]}, {"k", p[own + 1]}})};
      },
      std::move(step_names),
      [&](const Idiom::Ids& p) {
        Idiom::Ids next = step({p.begin(), p.begin() + static_cast<std::ptrdiff_t>(own)});
        if (flag && next.size() > own)
          next[own] = test(i, {"small", "reached"},
                           i.either({"{e} <= " + how.tolerance, "{e} < " + how.tolerance,
                                     "~({e} > " + how.tolerance + ")"}),
                           {{"e", next[own]}});
        next.push_back(
            i.let({"next_count", "one_more"}, "$0 + 1", {p[own + 1]}, counts(i, {}), rounds));
        return next;
      });
  Idiom::Ids results(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(own));
  if (!how.rounds.empty()) results.push_back(out[own + 1]);
  return results;
}

ValueId class_labels(Idiom& i, Idiom::Words names, std::int64_t rows, std::int64_t count) {
  if (rows * (count > 3 ? 2 : 1) < 5) i.fail();
  return i.input(std::move(names), counts(i, {rows}), {0, static_cast<double>(count - 1)});
}

ValueId picked(Idiom& i, ValueId rows, ValueId labels, Idiom::Words names, Interval range) {
  return i.let(std::move(names),
               i.either({"jnp.take_along_axis($0, $1[:, None], axis=-1)[:, 0]",
                         "jnp.take_along_axis($0, $1[:, None], axis=1).squeeze(1)",
                         "$0[jnp.arange($0.shape[0]), $1]", "$0[jnp.arange(len($1)), $1]",
                         "jnp.sum($0 * jax.nn.one_hot($1, $0.shape[-1], dtype=$0.dtype), axis=-1)",
                         "jax.vmap(lambda row, label: row[label])($0, $1)"}),
               {rows, labels}, Shape{i.dim(rows, 0)}, range);
}

std::string forgetting(Idiom& i, double keep, const std::string& old, const std::string& fresh) {
  const std::string b = Idiom::text(keep), rest = Idiom::text(1 - keep);
  return i.either({b + " * " + old + " + " + rest + " * " + fresh,
                   b + " * " + old + " + (1.0 - " + b + ") * " + fresh,
                   old + " + " + rest + " * (" + fresh + " - " + old + ")"});
}

}  // namespace jaxsmith::plan
