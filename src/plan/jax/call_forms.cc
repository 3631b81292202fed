#include "plan/jax/call_forms.h"

#include <fmt/format.h>

#include "plan/jax/op_helpers.h"
#include "plan/program.h"

namespace jaxsmith::plan {

std::string number_in(Idiom& i, Interval range) {
  return Idiom::text(i.builder().nice_number(range.lo, range.hi, false));
}

std::string scipy_prefix(const Idiom& i) {
  static const std::vector<std::string> kWays = {"jax.scipy.", "jax.scipy.", "jsp."};
  const Program& program = const_cast<Idiom&>(i).builder().program();
  return kWays[(program.family + program.seed) % kWays.size()];
}

std::string random_prefix(const Idiom& i) {
  static const std::vector<std::string> kWays = {
      "jax.random.", "random.", "jax.random.", "jax.random.", "jr.", "jax.random.", "jax.random."};
  const Program& program = const_cast<Idiom&>(i).builder().program();
  return kWays[(program.family + program.seed) % kWays.size()];
}

std::string dtype_option(Idiom& i, DType given, DType otherwise) {
  if (given == otherwise && !i.chance(0.12)) return {};
  return ", dtype=" + dtype_text(given);
}

void hide_if_few(Idiom& i, ValueId id, std::int64_t enough) {
  std::int64_t count = 1;
  for (const std::int64_t n : i.shape(id)) count *= n;
  if (count < enough) i.may_hide(id);
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
