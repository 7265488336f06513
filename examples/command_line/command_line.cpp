// SPDX-License-Identifier: MIT
#include "command_line.hpp"

#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <type_traits>

#include <CLI/CLI.hpp>

#include <preflearn/core/numbers/number_argument.hpp>
#include <preflearn/core/system/error.hpp>
#include <preflearn/core/system/parallel.hpp>

namespace {

std::string name_of(char** argv) { return std::filesystem::path(argv[0]).filename().string(); }

/// What is asked of a number's text before CLI11 reads it, which takes -1 for 2^64 - 1, and 010 for eight.
template <class Value> struct number_of { using type = void; };
template <class Number>
    requires std::is_arithmetic_v<Number>
struct number_of<Number> {
    using type = Number;
};
template <class Number> struct number_of<std::optional<Number>> : number_of<Number> {};

template <class Number> std::string read_in_one_way(std::string& text) {
    if (std::string fault = preflearn::number_fault<Number>(text); !fault.empty()) return fault;
    if constexpr (std::is_integral_v<Number>) { // base ten
        const std::size_t sign = text.starts_with('-') ? 1 : 0;
        while (text.size() > sign + 1 && text[sign] == '0') text.erase(sign, 1);
    }
    return "";
}

} // namespace

option option::required() const { return option_->required(), *this; }
option option::shows_default() const { return option_->capture_default_str(), *this; }
option option::repeats() const { return option_->allow_extra_args(false), *this; }
option option::needs(const option& other) const { return option_->needs(other.option_), *this; }
option option::excludes(const option& other) const { return option_->excludes(other.option_), *this; }

option option::existing_file() const {
    const auto look = [missing = missing_, name = option_->get_name()](const std::string& path) {
        std::error_code ignored;
        if (std::filesystem::is_directory(path, ignored))
            missing->push_back(name + ": " + path + ": is a folder, a file was expected");
        else if (!std::filesystem::exists(path, ignored))
            missing->push_back(name + ": " + path + ": there is no such file");
        return std::string();
    };
    return option_->check(CLI::Validator(look, "FILE")), *this;
}
option option::existing_path() const {
    const auto look = [missing = missing_, name = option_->get_name()](const std::string& path) {
        std::error_code ignored;
        if (!std::filesystem::exists(path, ignored))
            missing->push_back(name + ": " + path + ": there is no such file or folder");
        return std::string();
    };
    return option_->check(CLI::Validator(look, "PATH")), *this;
}
option option::one_of(std::vector<std::string> words) const {
    return option_->check(CLI::IsMember(std::move(words))), *this;
}

template <class Number> option option::between(Number low, Number high) const {
    return option_->check(CLI::Range(low, high)), *this;
}
template option option::between(int, int) const;
template option option::between(std::size_t, std::size_t) const;
template option option::between(double, double) const;

// CLI11's own checks name the largest double, 309 digits, where a number is too small.
option option::positive() const {
    const auto fault = [](const std::string& given) -> std::string {
        return CLI::PositiveNumber(given).empty() ? "" : "a number above 0 was expected, found '" + given + "'";
    };
    return option_->check(CLI::Validator(fault, "POSITIVE")), *this;
}
option option::non_negative() const {
    const auto fault = [](const std::string& given) -> std::string {
        return CLI::NonNegativeNumber(given).empty() ? "" : "a number of 0 or more was expected, found '" + given + "'";
    };
    return option_->check(CLI::Validator(fault, "NONNEGATIVE")), *this;
}
option option::no_minus() const {
    return check([](const std::string& number) {
        return number.starts_with('-') ? "a number of at least 0 was expected, found " + number : "";
    });
}
option option::some_name() const {
    return check([](const std::string& text) { return text.empty() ? "a name was expected, found nothing" : ""; });
}
option option::check(std::function<std::string(const std::string&)> fault) const {
    return option_->check(std::move(fault)), *this;
}

bool option::given() const { return option_->count() > 0; }

command_line::command_line(std::string about) : app_(std::make_unique<CLI::App>(std::move(about))) {}
command_line::~command_line() = default;

template <class Value> option command_line::add(std::string name, Value& value, std::string help) {
    CLI::Option* const added = app_->add_option(std::move(name), value, std::move(help));
    using number = typename number_of<Value>::type;
    if constexpr (!std::is_void_v<number>) added->transform(CLI::Validator(read_in_one_way<number>, ""));
    return option(added, &missing_);
}
template option command_line::add(std::string, std::string&, std::string);
template option command_line::add(std::string, std::filesystem::path&, std::string);
template option command_line::add(std::string, int&, std::string);
template option command_line::add(std::string, std::size_t&, std::string);
template option command_line::add(std::string, double&, std::string);
template option command_line::add(std::string, std::optional<std::size_t>&, std::string);
template option command_line::add(std::string, std::optional<double>&, std::string);
template option command_line::add(std::string, std::vector<std::string>&, std::string);

option command_line::flag(std::string name, bool& value, std::string help) {
    return option(app_->add_flag(std::move(name), value, std::move(help)), &missing_);
}

void say_to_user(const std::string& told) { std::fprintf(stderr, "%s\n", told.c_str()); }

std::optional<int> command_line::parse(int argc, char** argv, const std::function<void()>& check) {
    add("--threads", threads_, "threads of parallel loops, up to 1024; default: one a processor, or OMP_NUM_THREADS")
        .positive();
    try {
        try {
            app_->parse(argc, argv);
            if (threads_) preflearn::set_thread_count(*threads_);
            if (check) check();
            if (!missing_.empty()) throw preflearn::input_error(missing_.front());
        } catch (const usage_error& fault) {
            throw CLI::ValidationError(fault.what());
        }
    } catch (const CLI::ParseError& failure) {
        return app_->exit(failure) != 0 ? 2 : std::cout.flush() ? 0 : 1;
    } catch (const preflearn::error& failure) {
        std::fprintf(stderr, "%s: %s\n", name_of(argv).c_str(), failure.what());
        return dynamic_cast<const preflearn::input_error*>(&failure) != nullptr ? 1 : 2;
    }
    return std::nullopt;
}

int command_line::run(int argc, char** argv, const std::function<int()>& work, const std::function<void()>& check) {
    if (const std::optional<int> ended = parse(argc, argv, check)) return *ended;
    try {
        return work();
    } catch (const preflearn::no_device_error& failure) {
        std::fprintf(stderr, "%s: %s\n", name_of(argv).c_str(), failure.what());
        return 4;
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s: %s\n", name_of(argv).c_str(), failure.what());
        const bool usage = usage_may_come_late_ && dynamic_cast<const preflearn::argument_error*>(&failure) != nullptr;
        return usage ? 2 : 1;
    }
}
