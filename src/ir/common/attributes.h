// What rules ask of an operation: so many operands, integers, lists, flags and words among its
// attributes (a jaxpr's parameters), with the errors where they are missing or of another form.
//
// A level's Call derives from this. It gives size(), array(i), name() of the operation,
// attribute(key), null where there is none, and what its language calls an attribute and one that
// is no flag: kAttribute, kNoFlag. A Value gives as_int(), as_ints(), as_bool(), as_real(): what it
// is as that, or nothing; and as_word(), "" where it is none.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "tensor/array.h"

namespace jaxsmith::ir {

template <class Call, class Value>
class OperationCall {
 public:
  void want(std::size_t count) const {
    if (self().size() != count)
      tensor::invalid(
          fmt::format("{} takes {} operands, not {}", self().name(), count, self().size()));
  }
  std::vector<tensor::Array> arrays(std::size_t first, std::size_t last) const {
    std::vector<tensor::Array> out;
    for (std::size_t i = first; i < last; ++i) out.push_back(self().array(i));
    return out;
  }

  const Value& need(std::string_view key) const {
    const Value* value = self().attribute(key);
    if (!value)
      tensor::invalid(fmt::format("{} has no {} {}", self().name(), Call::kAttribute, key));
    return *value;
  }
  tensor::Ints need_ints(std::string_view key) const { return ints_of(need(key), key); }
  // Empty where there is none.
  tensor::Ints ints(std::string_view key) const {
    const Value* value = self().attribute(key);
    return value ? ints_of(*value, key) : tensor::Ints();
  }
  tensor::Ints ints_or(std::string_view key, std::size_t count, std::int64_t number) const {
    return self().attribute(key) ? ints(key) : tensor::Ints(count, number);
  }
  std::int64_t integer(std::string_view key) const { return integer_of(need(key), key); }
  std::int64_t integer(std::string_view key, std::int64_t otherwise) const {
    const Value* value = self().attribute(key);
    return value ? integer_of(*value, key) : otherwise;
  }
  double real(std::string_view key) const {
    const auto value = need(key).as_real();
    return value ? *value : wrong(key, "no number");
  }
  bool flag(std::string_view key, bool otherwise = false) const {
    const Value* value = self().attribute(key);
    if (!value) return otherwise;
    const auto flag = value->as_bool();
    return flag ? *flag : wrong(key, Call::kNoFlag);
  }
  // Of an enumeration; empty where there is none.
  std::string_view word(std::string_view key) const {
    const Value* value = self().attribute(key);
    return value ? value->as_word() : std::string_view();
  }

  // Of a value that stands within an attribute; `key` is what errors call it.
  static std::int64_t integer_of(const Value& value, std::string_view key) {
    const auto number = value.as_int();
    return number ? *number : wrong(key, "no integer");
  }
  static tensor::Ints ints_of(const Value& value, std::string_view key) {
    if (auto list = value.as_ints()) return tensor::Ints(*list);
    wrong(key, "no list of integers");
  }

 private:
  const Call& self() const { return static_cast<const Call&>(*this); }
  [[noreturn]] static std::int64_t wrong(std::string_view key, std::string_view what) {
    tensor::invalid(fmt::format("{} {} is {}", Call::kAttribute, key, what));
  }
};

}  // namespace jaxsmith::ir
