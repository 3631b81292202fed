// HLO: an HloModule as XLA's text has it.
//
//   JAXSMITH_TRY(module, hlo::parse(text));
//   const hlo::Computation& main = module.computations[module.entry];
//   for (const hlo::Instruction& op : main.instructions) …
//
// Instructions and computations are referred to by index. Numbers of constants and words stay as
// they are written; what the printer needs beyond the program itself is kept in flags of Module.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jaxsmith::hlo {

constexpr std::int64_t kUnbounded = -1;  // the size of a dimension written `?`

struct Layout {
  std::vector<std::int64_t> minor_to_major;
  std::string extra;  // behind the colon, without blanks: T(8,128)E(4)S(1)
};

struct Shape {
  enum class Kind : std::uint8_t { kAbsent, kArray, kTuple };
  Kind kind = Kind::kAbsent;
  std::string element;             // of an array: f32, pred, token …
  std::vector<std::int64_t> dims;  // bounds where dynamic
  std::vector<bool> dynamic;       // per dimension; empty if no dimension is
  std::optional<Layout> layout;
  std::vector<Shape> elements;  // of a tuple

  bool absent() const { return kind == Kind::kAbsent; }
  bool array() const { return kind == Kind::kArray; }
  bool tuple() const { return kind == Kind::kTuple; }
};

// Scalars of a constant in row-major order (whatever the layout), real and imaginary part of a
// complex number one after another.
struct Literal {
  std::vector<std::int64_t> dims;  // as many braces as there are; less than a dynamic bound
  bool complex = false;
  bool tuple = false;
  std::vector<Literal> elements;  // of a tuple
  std::string text;               // the scalars as written, one after another
  std::vector<std::uint32_t> ends;

  std::size_t size() const { return ends.size(); }
  std::string_view operator[](std::size_t i) const {
    std::uint32_t begin = i == 0 ? 0 : ends[i - 1];
    return std::string_view(text).substr(begin, ends[i] - begin);
  }
};

struct WindowDim {
  std::int64_t size = 1, stride = 1, pad_low = 0, pad_high = 0, lhs_dilation = 1, rhs_dilation = 1;
  bool reversal = false;
};

struct PaddingDim {
  std::int64_t low = 0, high = 0, interior = 0;
};

struct SliceDim {
  std::int64_t start = 0, limit = 0, stride = 1;
  bool stride_written = false;
};

// `{0}: (1, {2}, may-alias)`; without an output index in buffer_donor.
struct Alias {
  bool has_output = false;
  std::vector<std::int64_t> output_index;
  std::int64_t parameter = 0;
  std::vector<std::int64_t> parameter_index;
  std::string kind;  // may-alias, must-alias or nothing
};

struct Attribute;

struct AttributeValue {
  enum class Kind : std::uint8_t {
    kWord,          // text: 3, true, LT, bf01_oi01->bf01, 0_0x1_1, [2,4]<=[8]T(1,0)
    kString,        // text: between the quotes, still escaped
    kInts,          // ints: {0,1}; what is written {} is this, too
    kList,          // items: {{0,1},{2,3}}, {highest,highest}
    kRecord,        // fields: {op_name="x" stack_frame_id=1}, {size=2x2 pad=0_0x1_1}, {k="v",l="w"}
    kComputations,  // ints: indices into Module::computations; to_apply=, branch_computations={}
    kInstructions,  // ints: indices into the computation's instructions; control-predecessors={}
    kShape,         // shapes[0]
    kShapes,        // shapes: {f32[2]{0}, f32[]}
    kProgramShape,  // shapes: {(f32[2]{0}, f32[])->f32[2]{0}}, the last is the result
    kSlices,        // slices: {[0:3], [0:8:2]}
    kAliases,       // aliases
    kShardings,     // items (kRaw): {{replicated}, {maximal device=0}}
    kRaw,           // text: between the braces, blanks collapsed: {devices=[2,1]<=[2]}, origin={…}
    kText,  // text: with its braces, as it is: {"known_trip_count":{"n":"5"}}, {a = 1 : ui8}
  };
  Kind kind = Kind::kWord;
  bool braced = false;   // kComputations: a list
  char separator = ' ';  // kRecord: ' ' or ','
  std::string text;
  std::vector<std::int64_t> ints;
  std::vector<AttributeValue> items;
  std::vector<Attribute> fields;
  std::vector<Shape> shapes;
  std::vector<SliceDim> slices;
  std::vector<Alias> aliases;

  // Each gives nothing if the value is of another form.
  std::optional<std::int64_t> as_int() const;
  std::optional<double> as_real() const;
  std::optional<bool> as_bool() const;
  std::string_view as_word() const;                   // "" if it is none
  const std::vector<std::int64_t>* as_ints() const;   // {0,1}
  const std::vector<std::int64_t>* as_names() const;  // of computations or instructions
  std::optional<std::string> as_string() const;       // escapes resolved
  std::optional<std::vector<WindowDim>> as_window() const;
  std::optional<std::vector<PaddingDim>> as_padding() const;
  const std::vector<SliceDim>* as_slices() const;
  const AttributeValue* field(std::string_view key) const;  // of a record
};

struct Attribute {
  std::string key;
  AttributeValue value;
  std::size_t offset = 0;
};

struct Instruction {
  std::string name;
  bool root = false;  // marked so
  Shape shape;        // absent if the text has none
  std::string opcode;
  std::vector<std::int32_t> operands;  // indices of instructions further up
  std::vector<Shape> operand_shapes;   // empty, or per operand what is written before its name
  std::int64_t parameter = -1;         // the number of a parameter
  std::optional<Literal> literal;      // of a constant
  std::vector<Attribute> attributes;   // in the order of the text
  std::size_t offset = 0;              // of the name in the text

  const AttributeValue* attribute(std::string_view key) const;
};

struct SignatureParameter {
  std::string name;
  Shape shape;
};

struct Signature {
  std::vector<SignatureParameter> parameters;
  Shape result;
};

struct Computation {
  std::string name;
  bool entry = false;    // marked ENTRY
  bool inlined = false;  // written in the place of its name, and has none
  std::optional<Signature> signature;
  std::vector<Instruction> instructions;
  std::int32_t root = 0;                 // the last if none is marked
  std::vector<std::int32_t> parameters;  // instructions by parameter number
  std::vector<Attribute> attributes;     // behind the closing brace: execution_thread="…"
  std::size_t offset = 0;
};

// FileNames, FunctionNames (strings), FileLocations, StackFrames (records), numbered from 1.
struct Table {
  std::string name;
  std::vector<AttributeValue> rows;
};

struct Module {
  std::string name;
  std::vector<Attribute> attributes;  // of the header
  std::vector<Table> tables;
  std::vector<Computation> computations;
  std::int32_t entry = 0;  // the last computation if none is marked

  bool percent = false;                // names are written %name
  bool shape_index_comments = true;    // /*index=5*/ in tuples' shapes
  bool operand_index_comments = true;  // /*index=5*/ among operands

  const AttributeValue* attribute(std::string_view key) const;
};

const AttributeValue* find(const std::vector<Attribute>& attributes, std::string_view key);

}  // namespace jaxsmith::hlo
