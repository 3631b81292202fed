// Reads the parts of HLO text below an instruction: shapes, constants, values of attributes.
#pragma once

#include <string_view>
#include <vector>

#include "ir/common/depth.h"
#include "ir/hlo/cursor.h"
#include "ir/hlo/module.h"

namespace jaxsmith::hlo {

// A name that a value refers to, to be resolved when all names are known.
struct NameReference {
  std::string_view name;
  std::size_t offset;
};

// Whether the places where XLA writes /*index=5*/ have such a comment.
struct IndexComments {
  bool due = false, seen = false;

  void note(std::size_t index, bool comment) {
    if (index % 5 != 0) return;
    due = true;
    seen |= comment;
  }
  bool written() const { return seen || !due; }
};

class ValueReader {
 public:
  explicit ValueReader(Cursor& cursor) : in_(cursor) {}

  Shape shape();
  // The constant of that shape; of any shape if it is absent.
  Literal literal(const Shape& shape);
  // The value behind "key=". Names in it are appended to `names`: kComputations and kInstructions
  // have as many ints, to be filled in.
  AttributeValue value(std::string_view key, std::vector<NameReference>& names);
  // {file_name_id=1 line=2} of the tables.
  AttributeValue record();

  static bool names_computations(std::string_view key);

  IndexComments shape_comments;
  bool percent = false;  // whether a name had a percent sign

 private:
  Shape tuple_shape();
  void dimension(Shape& shape);
  bool layout_follows();
  Layout layout();

  void literal_elements(const Shape& shape, Literal& out, std::size_t level);
  void scalar(const Shape& shape, Literal& out);
  void scalar_part(const Shape& shape, Literal& out);

  AttributeValue any();
  AttributeValue braces();
  AttributeValue integers();
  AttributeValue list();
  AttributeValue word();
  AttributeValue replica_groups();
  AttributeValue quoted();
  AttributeValue names(AttributeValue::Kind kind, std::vector<NameReference>& out);
  AttributeValue shapes();
  AttributeValue program_shape();
  AttributeValue slices();
  AttributeValue aliases();
  AttributeValue sharding();
  void require_devices(std::string_view sharding, std::size_t at);
  AttributeValue raw();
  AttributeValue verbatim();
  AttributeValue frontend_attributes();
  Alias alias();
  std::vector<std::int64_t> braced_integers();
  ir::Nesting nested();

  Cursor& in_;
  ir::Depth depth_;
};

}  // namespace jaxsmith::hlo
