#include "plan/jax/call_forms.h"

#include <fmt/format.h>

#include "plan/jax/op_helpers.h"
#include "plan/program.h"

namespace jaxsmith::plan {

namespace {

// One of these, the same for all of a program.
std::string way_of(const Idiom& i, const Idiom::Words& ways) {
  const Program& program = i.program();
  return ways[(program.family + program.seed) % ways.size()];
}

}  // namespace

std::string number_in(Idiom& i, Interval range) {
  return Idiom::text(i.builder().nice_number(range.lo, range.hi, false));
}

std::string scipy_prefix(const Idiom& i) { return way_of(i, {"jax.scipy.", "jax.scipy.", "jsp."}); }

std::string random_prefix(const Idiom& i) {
  return way_of(i, {"jax.random.", "random.", "jax.random.", "jax.random.", "jr.", "jax.random.",
                    "jax.random."});
}

std::string dtype_option(Idiom& i, DType given, DType otherwise) {
  if (given == otherwise && !i.chance(0.12)) return {};
  return ", dtype=" + dtype_text(given);
}

void hide_if_few(Idiom& i, ValueId id, std::int64_t enough) {
  if (tensor::element_count(i.shape(id)) < enough) i.may_hide(id);
}

void sure_as(Idiom& i, ValueId id, ValueId other) {
  if (id != kNoValue)
    i.builder().program().values[static_cast<std::size_t>(id)].sure = i.builder()[other].sure;
}

ValueId with_ridge(Idiom& i, Idiom::Words names, const std::string& gram, const std::string& ridge,
                   ValueId factor) {
  const std::string diagonal =
      fmt::format(" + {} * jnp.eye({}, dtype=$0.dtype)", ridge, i.dim(factor, 0));
  return i.let(std::move(names), gram + diagonal, {factor}, i.shape(factor), {-2, 4});
}

std::int64_t convolved_length(const std::string& mode, std::int64_t data, std::int64_t taps) {
  return mode == "full" ? data + taps - 1 : mode == "same" ? data : data - taps + 1;
}

CallText::CallText(Idiom& i, ValueId data)
    : i_(i), data_(data), operands_{data}, shape_(i.shape(data)) {}

void CallText::add(const CallParameter& p, bool keyword) {
  std::vector<std::uint32_t> forms;
  for (const std::uint32_t form : {kNumber, kOne, kEach, kColumns}) {
    const bool fits = form == kNumber || form == kOne || (form == kEach && !shape_.empty()) ||
                      (form == kColumns && shape_.size() > 1);
    if ((p.forms & form) && fits) forms.insert(forms.end(), form == kNumber ? 3 : 2, form);
  }
  const std::uint32_t form = forms.empty() ? kNumber : i_.random().pick(forms);
  std::string value;
  if (form == kNumber) {
    value = number_in(i_, p.range);
  } else {
    const Shape shape = form == kOne ? Shape{} : form == kEach ? shape_ : Shape{shape_.back()};
    value = fmt::format("${}", operands_.size());
    operands_.push_back(i_.input(p.roles, shape, p.range));
  }
  text_ += keyword ? fmt::format(", {}={}", p.name, value) : ", " + value;
}

bool add_loc_scale(Idiom& i, CallText& call, LocScale kind, bool keyword) {
  if (kind == LocScale::kNone || i.chance(0.35)) return false;
  const Interval scale = kind == LocScale::kWider      ? Interval{1.2, 2.5}
                         : kind == LocScale::kNarrower ? Interval{0.6, 1}
                                                       : Interval{0.6, 2};
  const bool moved = kind == LocScale::kBoth && i.chance(0.7);
  const bool stretched = !moved || i.chance(0.65);
  if (moved) call.add({"loc", {"loc", "mean", "mu", "center"}, {-1, 1}}, keyword);
  if (stretched)
    call.add({"scale", {"scale", "sigma", "width", "spread"}, scale}, keyword || !moved);
  return true;
}

}  // namespace jaxsmith::plan
