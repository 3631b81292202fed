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

std::vector<Array> Call::arrays(std::size_t first, std::size_t last) const {
  std::vector<Array> out;
  for (std::size_t i = first; i < last; ++i) out.push_back(array(i));
  return out;
}

Values Call::values(std::size_t first, std::size_t last) const {
  Values out;
  for (std::size_t i = first; i < last; ++i) out.push_back(value(i));
  return out;
}

void Call::want(std::size_t count) const {
  if (size() != count) invalid(fmt::format("{} takes {} operands, not {}", name(), count, size()));
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

const ParamValue* Call::param(std::string_view key) const {
  const ParamValue* p = equation().param(key);
  return p && !p->is_none() ? p : nullptr;
}

const ParamValue& Call::need(std::string_view key) const {
  const ParamValue* p = param(key);
  if (!p) invalid(fmt::format("{} has no parameter {}", name(), key));
  return *p;
}

Ints Call::ints(std::string_view key) const {
  const ParamValue* p = param(key);
  if (!p) return {};
  auto list = p->as_ints();
  if (!list) invalid(fmt::format("parameter {} is no tuple of integers", key));
  return std::move(*list);
}

Ints Call::ints_or(std::string_view key, std::size_t count, std::int64_t value) const {
  return param(key) ? ints(key) : Ints(count, value);
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

std::int64_t Call::integer(std::string_view key) const {
  const auto value = need(key).as_int();
  if (!value) invalid(fmt::format("parameter {} is no integer", key));
  return *value;
}

std::int64_t Call::integer(std::string_view key, std::int64_t otherwise) const {
  return param(key) ? integer(key) : otherwise;
}

bool Call::flag(std::string_view key, bool otherwise) const {
  const ParamValue* p = param(key);
  if (!p) return otherwise;
  const auto value = p->as_bool();
  if (!value) invalid(fmt::format("parameter {} is neither True nor False", key));
  return *value;
}

std::string_view Call::word(std::string_view key) const {
  const ParamValue* p = param(key);
  if (!p) return {};
  const auto name = p->as_string() ? p->as_string() : p->as_name();
  if (!name) return p->text;
  return name->substr(name->rfind('.') + 1);
}

std::optional<DType> Call::dtype(std::string_view key) const {
  const ParamValue* p = param(key);
  if (!p) return std::nullopt;
  const auto name = p->as_name();
  const auto dtype = name ? dtype_from_numpy_name(*name) : std::nullopt;
  if (!dtype) unsupported(fmt::format("parameter {} is no type of elements: {}", key, p->text));
  return dtype;
}

Ints Call::keyword_ints(const ParamValue& call, std::string_view keyword) {
  const ParamValue* p = call.keyword(keyword);
  if (!p) return {};
  auto list = p->as_ints();
  if (!list) invalid(fmt::format("{} is no tuple of integers", keyword));
  return std::move(*list);
}

Inner Call::inner(std::string_view key) const { return inner(need(key)); }

}  // namespace jaxsmith::jaxpr
