// A program's options. CLI11 stands behind it, compiled once for all programs, each of which took seconds for it.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

/// An option that was added to a command line; names the same option when it is copied.
class option {
  public:
    option required() const;
    /// Help shows the value that the variable has now.
    option shows_default() const;
    /// The option may be repeated, with one value each time.
    option repeats() const;
    option needs(const option& other) const;
    option excludes(const option& other) const;

    /// A file, or a file or folder, that is there. One that is not is a fault of the input, told behind those of usage.
    option existing_file() const;
    option existing_path() const;
    option one_of(std::vector<std::string> words) const;
    /// A number from `low` to `high`; of int, std::size_t or double.
    template <class Number> option between(Number low, Number high) const;
    /// A number above 0.
    option positive() const;
    /// A number that is 0 or more.
    option non_negative() const;
    option no_minus() const;
    /// A text that is not empty, as that of an unset shell variable is.
    option some_name() const;
    /// \param fault says what is wrong with the text given; nothing where it is right
    option check(std::function<std::string(const std::string&)> fault) const;

    /// Whether the command line had it.
    [[nodiscard]] bool given() const;

  private:
    friend class command_line;
    option(CLI::Option* named, std::vector<std::string>* missing) : option_(named), missing_(missing) {}
    CLI::Option* option_;
    std::vector<std::string>* missing_; // of the command line: sentences about files that are not there
};

/// Options that do not go together, or a value that an option cannot have.
struct usage_error : std::runtime_error {
    usage_error(const std::string& option, const std::string& fault) : std::runtime_error(option + ": " + fault) {}
    explicit usage_error(const std::string& fault) : std::runtime_error(fault) {}
};

/// A sentence for the user, to standard error.
void say_to_user(const std::string& told);

/// Every program has --threads, which sets how many its loops use.
class command_line {
  public:
    /// \param about what the program does, above the options in its help
    explicit command_line(std::string about);
    ~command_line();
    command_line(const command_line&) = delete;
    command_line& operator=(const command_line&) = delete;

    /// An option with a value, or by a name without dashes a positional one. `value` is a std::string, int, std::size_t
    /// or double, a std::optional of a number, or a std::vector of std::string, and is written by `parse`. A number
    /// that the type cannot hold is refused.
    template <class Value> option add(std::string name, Value& value, std::string help);
    option flag(std::string name, bool& value, std::string help);

    /// Reads the command line, then `check`s what single options cannot. Where the program is at its end, which is so
    /// after --help and after a fault that is printed, its exit status: 0, 2, or 1 where the usage is right and a file
    /// that it names is not there or wrong.
    [[nodiscard]] std::optional<int> parse(int argc, char** argv, const std::function<void()>& check = {});

    /// The whole of a program: parses, then works. An exception of `work` is printed behind the program's name and ends
    /// it with 1, or 4 where it says that a device that was asked for is not there, or 2 where
    /// argument_errors_are_usage. This is the one rule for all programs: 1 is a fault of files, 2 one of the command
    /// line.
    int run(int argc, char** argv, const std::function<int()>& work, const std::function<void()>& check = {});

    /// What only the data or the model can tell to be a wrong argument is a fault of the command line, too.
    void argument_errors_are_usage() { usage_may_come_late_ = true; }

  private:
    std::unique_ptr<CLI::App> app_;
    std::vector<std::string> missing_;
    std::optional<std::size_t> threads_;
    bool usage_may_come_late_ = false;
};
