// The parser's inside, shared by parser.cc (modules, operations), parser_types.cc,
// parser_attributes.cc, custom_forms.cc (operations in forms of their own) and parser_extent.cc
// (how much that is).
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "ir/common/depth.h"
#include "ir/stablehlo/formats.h"
#include "ir/stablehlo/module.h"
#include "ir/stablehlo/scanner.h"

namespace jaxsmith::stablehlo {

class Parser {
 public:
  Parser(std::string_view text, std::size_t start, const ir::Limits& limits)
      : in_(text, start), length_(text.size() - start), limits_(limits), depth_(limits.depth) {}
  // At least one; modules within others stand for themselves.
  std::vector<Module> parse();
  std::size_t offset() const { return in_.offset(); }

 private:
  struct ResultGroup {
    std::string_view name;
    std::int64_t count = 0;  // 0: one, by its name alone
    std::size_t offset = 0;
  };

  // Values that are defined while it lives are unknown afterwards.
  class Scope {
   public:
    Scope(Parser& parser, bool isolated);
    ~Scope();
    Scope(const Scope&) = delete;

   private:
    Parser& parser_;
    std::size_t size_;
    bool isolated_;
    std::unordered_map<std::string_view, ValueId> outer_;
  };

  // What is known of one module; kept aside while one within it is read.
  struct Known {
    std::unordered_map<std::string_view, const Type*> types;
    std::unordered_map<std::string_view, ValueId> scope;
    std::vector<std::string_view> defined;
    std::unordered_set<std::string> functions;
    std::unordered_map<std::string, Attr> attr_aliases;
    std::unordered_map<std::string, const Type*> type_aliases;
  };

  ir::Nesting nested() {
    return {depth_, [&] { in_.refuse("the text is nested too deeply"); }};
  }
  const Type* intern(Type type);
  // Parts that a type or an attribute is made of, long texts by their length.
  std::size_t parts_in(const Type& type);
  std::size_t parts_in(const Attr& attr);
  std::int64_t reading_cost(const Op& op);
  template <class T>
  void expanded(const T& alias);

  // parser_types.cc
  const Type* type();
  const Type* dialect_type();
  Type tensor_type(std::size_t end);
  void dimensions(Shape& shape);
  std::string element_name();
  std::vector<const Type*> type_list();

  // parser_attributes.cc
  Attr attribute();
  Attr number_attr();
  Attr dense_attr();
  Attr dialect_attr();  // behind #
  void own_attribute(Attr& a);
  std::string enumerator(std::string_view name);
  Attr dense_array_attr();  // behind `array`
  std::string symbol();
  std::vector<NamedAttr> attr_dict(bool property = false);

  ValueId define(std::string_view name, int index, const Type* type, std::size_t offset);
  std::string_view value_name();
  ValueId operand();
  std::int64_t small_number(std::string_view text);
  void location();

  void block_arguments(Block& block);
  void block_name();
  void block_body(Block& block);
  Block region();

  Op operation();
  void operands_in_brackets(Op& op);
  void operands_in_nothing();
  void function_types(Op& op, std::vector<const Type*>& results);
  void check_operand_types(const Op& op, std::size_t at);
  void generic(Op& op, std::vector<const Type*>& results);

  // custom_forms.cc
  using Results = std::vector<const Type*>;
  void custom(Op& op, Results& results);
  void by_format(const Format& format, Op& op, Results& results);
  void format_attribute(std::string_view field, Op& op);
  void types_of_format(Types types, Op& op, Results& results);
  void rest_of_operands(Op& op);
  void optional_attrs(Op& op);
  void set(Op& op, std::string_view name, Attr value);
  Attr ints_attr(bool bools = false);
  Attr enum_attr(std::string_view mnemonic);
  void constant(Op& op, Results& results);
  void slice(Op& op, Results& results);
  void dot_general(Op& op, Results& results);
  void convolution(Op& op, Results& results);
  void reduce(Op& op, Results& results);
  void while_loop(Op& op, Results& results);
  void scan(Op& op, Results& results);
  void test_operation(Op& op, Results& results);
  void test_attribute(Op& op);
  void custom_call(Op& op, Results& results);
  void manual_computation(Op& op, Results& results);
  void sharding_constraint(Op& op, Results& results);
  void mesh(Op& op);

  void function(bool is_private);
  void generic_function(Op op);
  void define_function(const Function& f);  // refuses a second one of its name
  void generic_module();
  void module();
  bool starts_module();
  void nested_module();
  void take_module_attrs(std::vector<NamedAttr> attrs);
  void items();
  void alias();
  void type_alias();

  Scanner in_;
  const std::size_t length_;  // of the text that this reads
  const ir::Limits limits_;
  ir::Depth depth_;
  Module* module_ = nullptr;
  std::vector<Module> modules_;
  std::size_t expanded_ = 0;  // parts that aliases stand for
  Known known_;
};

// Aliases of aliases would grow exponentially.
template <class T>
void Parser::expanded(const T& alias) {
  constexpr std::size_t kOnTop = 10'000, kTimesText = 4;
  expanded_ += parts_in(alias);
  if (expanded_ > kOnTop + kTimesText * length_)
    in_.refuse("its aliases stand for much more than the text has");
}

}  // namespace jaxsmith::stablehlo
