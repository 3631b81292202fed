// Reads the parts of HLO text below an instruction: shapes, constants, values of attributes.
#pragma once

#include <string_view>
#include <vector>

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

  Shape shape() { return shape(0); }
  // The constant of that shape; of any shape if it is absent.
  Literal literal(const Shape& shape) { return literal(shape, 0); }
  // The value behind "key=". Names in it are appended to `names`: kComputations and kInstructions
  // have as many ints, to be filled in.
  AttributeValue value(std::string_view key, std::vector<NameReference>& names);
  // {file_name_id=1 line=2} of the tables.
  AttributeValue record();

  static bool names_computations(std::string_view key);

  IndexComments shape_comments;
  bool percent = false;  // whether a name had a percent sign

 private:
  Shape shape(int depth);
  Shape tuple_shape(int depth);
  void dimension(Shape& shape);
  bool layout_follows();
  Layout layout();

  Literal literal(const Shape& shape, int depth);
  void literal_elements(const Shape& shape, Literal& out, std::size_t level);
  void scalar(const Shape& shape, Literal& out);
  void scalar_part(const Shape& shape, Literal& out);

  AttributeValue any(int depth);
  AttributeValue braces(int depth);
  AttributeValue integers(int depth);
  AttributeValue list(int depth);
  AttributeValue record(int depth);
  AttributeValue word();
  AttributeValue replica_groups();
  AttributeValue quoted();
  AttributeValue names(AttributeValue::Kind kind, std::vector<NameReference>& out);
  AttributeValue shapes();
  AttributeValue program_shape();
  AttributeValue slices();
  AttributeValue aliases();
  AttributeValue sharding();
  AttributeValue raw();
  AttributeValue verbatim();
  AttributeValue frontend_attributes();
  Alias alias();
  std::vector<std::int64_t> braced_integers();
  void enter(int depth) const;

  Cursor& in_;
};

}  // namespace jaxsmith::hlo
