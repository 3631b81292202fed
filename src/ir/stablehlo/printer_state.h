// The printer's inside, shared by printer.cc (modules, types, attributes, operations by their
// format) and printer_forms.cc (operations in forms of their own).
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "ir/stablehlo/formats.h"
#include "ir/stablehlo/module.h"

namespace jaxsmith::stablehlo {

// No operation takes a longer list.
constexpr std::int64_t kLongestList = 4096;

// Whether [1, 2] can stand for an attribute: integers in one dimension, in either form of them.
// Not so of null.
bool is_int_list(const Attr* a);

class Printer {
 public:
  explicit Printer(const Module& module) : m_(module) {}
  std::string print();
  std::string print_attribute(const Attr& a) {
    attr(a);
    return std::move(out_);
  }

 private:
  template <class... T>
  void put(fmt::format_string<T...> format, T&&... values) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<T>(values)...);
  }
  // Whether a key or name stands without quotes.
  static bool bare_key(std::string_view key);
  static std::string symbol_text(const std::string& name);
  void symbol(const std::string& text);
  void quoted(std::string_view text);
  void attr(const Attr& a);
  void named(const std::string& key, const Attr& value);
  void dict(const std::vector<NamedAttr>& attrs);
  void value(ValueId id);
  void values(const std::vector<ValueId>& ids, std::size_t first = 0);
  void types(const std::vector<const Type*>& all);
  std::vector<const Type*> result_types(const Op& op) const;
  void function_type(const Op& op);
  void result_names(const Op& op);
  void pad() { out_.append(static_cast<std::size_t>(indent_), ' '); }
  void line(const Op& op);
  void block(const Block& b);
  void function(const Function& f);
  static std::string_view short_name(const Op& op);
  void operation(const Op& op);
  bool form_says_results(Types types, const Op& op) const;
  bool has_form(const Format& format, const Op& op) const;
  // Those of a list, in either of its forms; none where there is no attribute.
  static std::vector<std::string> int_texts(const Attr* a);
  void bare_ints(const Attr* a);
  static std::string_view enum_word(const Attr& a);
  void format_field(std::string_view field, const Op& op);
  void rest_of_attrs(const Op& op, std::string_view form);
  void by_format(const Format& format, const Op& op);
  void format_types(Types kind, const Op& op);
  void region(const Block& b);
  void generic(const Op& op);
  void except(const Op& op, std::initializer_list<std::string_view> said);
  void constant(const Op& op);
  static bool has_slice_form(const Op& op);
  void slice(const Op& op);
  static std::string list_in(const std::string& body, std::string_view key);
  void dot_general(const Op& op);
  void convolution(const Op& op);
  static bool applies_one(const Op& op);
  static bool has_reduce_form(const Op& op);
  static bool has_while_form(const Op& op);
  void reduce(const Op& op);
  bool same_types_in(const Op& op) const;
  static bool is_commutative(std::string_view name);
  void name_alike(const Block& cond, const Block& body);
  void while_loop(const Op& op);
  void custom_call(const Op& op);
  void manual_computation(const Op& op);
  void sharding_constraint(const Op& op);
  void mesh(const Op& op);
  void test_operation(const Op& op);
  static bool has_test_form(const Op& op);
  static std::optional<std::size_t> scan_inputs(const Op& op);
  void scan(const Op& op, std::size_t inputs);
  const Module& m_;
  std::string out_;
  int indent_ = 0;
  int depth_ = 0;
  std::unordered_set<std::string> names_;  // all of the module, where new ones are needed
  std::unordered_map<ValueId, std::string> own_names_;
  int name_number_ = 0;
};

}  // namespace jaxsmith::stablehlo
