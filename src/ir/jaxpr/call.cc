// An equation's operands and parameters, as rules ask for them.
#include <fmt/format.h>

#include "ir/jaxpr/evaluator.h"

namespace jaxsmith::jaxpr {

const Equation& Call::equation() const { return *step_.equation; }

const Value& Call::value(std::size_t i) const {
  if (i >= operands_.size())
    invalid(fmt::format("{} has {} operands, more are wanted", name(), operands_.size()));
  return operands_[i];
}

Values Call::values(std::size_t first, std::size_t last) const {
  Values out;
  for (std::size_t i = first; i < last; ++i) out.push_back(value(i));
  return out;
}

std::size_t Call::result_count() const { return step_.results.size(); }

const Type& Call::result_type(std::size_t i) const {
  if (i >= step_.result_types.size())
    invalid(fmt::format("{} has {} results, more are given", name(), step_.result_types.size()));
  return step_.result_types[i];
}

DType Call::result_dtype(std::size_t i) const {
  const Type& t = result_type(i);
  if (t.kind != Type::Kind::kArray || t.is_ref) invalid(fmt::format("result {} is no array", i));
  return t.dtype;
}

const ParamValue* Call::attribute(std::string_view key) const {
  const ParamValue* p = equation().param(key);
  return p && !p->is_none() ? p : nullptr;
}

std::vector<Ints> Call::rows(std::string_view key) const {
  std::vector<Ints> out;
  const ParamValue& p = need(key);
  const bool list = p.kind == ParamValue::Kind::kTuple || p.kind == ParamValue::Kind::kList;
  if (!list) invalid(fmt::format("parameter {} is no tuple", key));
  for (const ParamValue& item : p.items) {
    auto row = item.as_ints();
    if (!row) invalid(fmt::format("parameter {} is no tuple of tuples of integers", key));
    out.push_back(std::move(*row));
  }
  return out;
}

std::optional<DType> Call::dtype(std::string_view key) const {
  const ParamValue* p = attribute(key);
  if (!p) return std::nullopt;
  const auto name = p->as_name();
  const auto dtype = name ? tensor::dtype_from_numpy_name(*name) : std::nullopt;
  if (!dtype) unsupported(fmt::format("parameter {} is no type of elements: {}", key, p->text));
  return dtype;
}

Ints Call::keyword_ints(const ParamValue& call, std::string_view keyword) {
  const ParamValue* p = call.keyword(keyword);
  return p ? ints_of(*p, keyword) : Ints();
}

Inner Call::inner(std::string_view key) const { return inner(need(key)); }

}  // namespace jaxsmith::jaxpr
