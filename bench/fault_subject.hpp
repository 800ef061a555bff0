#pragma once

#include <memory>
#include <stdexcept>
#include <utility>

namespace bench {

/// A cluster that faults are done to. Only one lives at a time: another one's idle processes are in nobody's figures.
class fault_subject {
public:
  virtual ~fault_subject() = default;
};

/// What a fault takes, this machine does not give.
struct not_possible : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A part of the machine that may not be had: throws not_possible with why.
template <class Part, class... Arguments>
std::unique_ptr<Part> if_possible(Arguments&&... arguments) {
  try {
    return std::make_unique<Part>(std::forward<Arguments>(arguments)...);
  } catch (const std::runtime_error& why) {
    throw not_possible(why.what());
  }
}

/// The one that is used now.
class fault_subjects {
public:
  template <class Subject>
  Subject& use() {
    if (auto* same = dynamic_cast<Subject*>(now_.get()))
      return *same;
    now_.reset();
    auto made = std::make_unique<Subject>();
    auto& subject = *made;
    now_ = std::move(made);
    return subject;
  }

private:
  std::unique_ptr<fault_subject> now_;
};

} // namespace bench
