// How deeply something is nested: regions, attributes, types, calls. What goes through it by
// functions that call themselves enters a level at each of them, so that no text uses up the stack.
//
//   const ir::Nesting level(depth_, [&] { in_.refuse("nested too deeply"); });
#pragma once

#include "ir/common/diagnostic.h"

namespace jaxsmith::ir {

class Depth {
 public:
  explicit Depth(int deepest = Limits().depth) : deepest_(deepest) {}
  Depth(const Depth&) = delete;
  Depth& operator=(const Depth&) = delete;

 private:
  friend class Nesting;
  const int deepest_;
  int levels_ = 0;
};

// One level, as long as this lives.
class Nesting {
 public:
  // Where there is no room for one, calls refuse(), which throws.
  template <class Refuse>
  Nesting(Depth& depth, Refuse refuse) : Nesting(depth) {
    if (!entered_) refuse();
  }
  // What does without going deeper asks whether there was room.
  explicit Nesting(Depth& depth) : depth_(depth), entered_(depth.levels_ < depth.deepest_) {
    if (entered_) ++depth_.levels_;
  }
  explicit operator bool() const { return entered_; }
  ~Nesting() {
    if (entered_) --depth_.levels_;
  }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;

 private:
  Depth& depth_;
  const bool entered_;
};

}  // namespace jaxsmith::ir
