/// \file
/// A program that is given a text on its standard input and whose standard output is read, both at once, so that a
/// program which answers while it reads cannot lock with us. It has a time limit, and it does not outlive us: it is of
/// a process group of its own, which is killed when it is too late, when we fail, and (Linux) when we die. There is no
/// shell: a command line is split here, by a rule that can be said in a sentence. What it writes to standard error goes
/// where ours goes.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/poll.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <preflearn/core/system/error.hpp>

namespace preflearn {

/// The words of a command: separated by blanks; '…' keeps all, "…" keeps all but that \ takes the next " or \ as it is,
/// and outside of quotes \ takes the next character as it is. Nothing else has a meaning: no variables, no patterns,
/// no pipes. \throws argument_error for a quote that is not closed, and where there is no word.
inline std::vector<std::string> split_command(std::string_view text) {
    std::vector<std::string> words;
    bool in_word = false;
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool more = i + 1 < text.size();
        if (quote == 0 && (c == ' ' || c == '\t' || c == '\n')) {
            in_word = false;
            continue;
        }
        if (!in_word) words.emplace_back();
        in_word = true;
        if (quote == 0 && (c == '\'' || c == '"')) {
            quote = c;
        } else if (c == quote) {
            quote = 0;
        } else if (c == '\\' && more && (quote == 0 || (quote == '"' && (text[i + 1] == '"' || text[i + 1] == '\\')))) {
            words.back() += text[++i];
        } else {
            words.back() += c;
        }
    }
    require(quote == 0, "the command ", excerpt{text}, " opens a quote (", quote, ") that it does not close");
    require(!words.empty() && !words.front().empty(), "the command ", excerpt{text}, " names no program");
    return words;
}

/// What a program answered, and how it ended.
struct child_answer {
    std::string output{};
    bool timed_out = false, too_long = false;
    /// Its exit status, or the signal that ended it, negative.
    int status = 0;

    /// "ended with 3", "was ended by signal 9", "took longer than …" is the caller's to say.
    [[nodiscard]] std::string ending() const {
        return status < 0 ? message("was ended by signal ", -status) : message("ended with ", status);
    }
};

struct child_limits {
    double seconds = 600;
    std::size_t output = std::size_t{1} << 30; ///< bytes
};

namespace detail {

/// An end of a pipe.
class descriptor {
  public:
    explicit descriptor(int number = -1) : number_(number) {}
    descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~descriptor() { close(); }
    [[nodiscard]] int number() const { return number_; }
    [[nodiscard]] bool open() const { return number_ >= 0; }
    void close() {
        if (number_ >= 0) ::close(std::exchange(number_, -1));
    }

  private:
    int number_;
};

/// Both ends, closed in programs that are begun. \throws input_error
inline std::array<descriptor, 2> new_pipe() {
    std::array<int, 2> ends{};
    require<input_error>(::pipe(ends.data()) == 0, "a pipe cannot be made: ", std::generic_category().message(errno));
    for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
    return {descriptor(ends[0]), descriptor(ends[1])};
}

/// While it lives, writing to a pipe that nobody reads fails in this thread rather than ends us.
class no_broken_pipe {
  public:
    no_broken_pipe() {
        ::sigemptyset(&pipe_);
        ::sigaddset(&pipe_, SIGPIPE);
        sigset_t pending;
        ::sigpending(&pending);
        was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
        ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    no_broken_pipe(const no_broken_pipe&) = delete;
    no_broken_pipe& operator=(const no_broken_pipe&) = delete;
    ~no_broken_pipe() {
        sigset_t pending;
        ::sigpending(&pending);
        int taken = 0;
        if (!was_pending_ && ::sigismember(&pending, SIGPIPE) == 1) ::sigwait(&pipe_, &taken);
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }

  private:
    sigset_t pipe_{}, before_{};
    bool was_pending_ = false;
};

/// A program that was begun, with the other ends of its input and output. Killed with its group where it still runs.
class child_process {
  public:
    /// \throws input_error naming the program, where it cannot be begun.
    explicit child_process(const std::vector<std::string>& words) {
        std::vector<char*> arguments;
        for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        auto in = new_pipe(), out = new_pipe(), fault = new_pipe();
        const pid_t parent = ::getpid();
        id_ = ::fork();
        require<input_error>(id_ >= 0, words[0], ": cannot be begun: ", std::generic_category().message(errno));
        if (id_ == 0) begun(arguments.data(), {in[0].number(), out[1].number(), fault[1].number()}, parent);
        ::setpgid(id_, id_); // here, too: whoever comes first
        fault[1].close();
        int code = 0;
        ssize_t got = 0;
        do got = ::read(fault[0].number(), &code, sizeof code);
        while (got < 0 && errno == EINTR);
        if (got == sizeof code) {
            wait();
            throw input_error(message(words[0], ": cannot be run: ", std::generic_category().message(code)));
        }
        input = std::move(in[1]);
        output = std::move(out[0]);
        for (const descriptor* const end : {&input, &output})
            ::fcntl(end->number(), F_SETFL, ::fcntl(end->number(), F_GETFL) | O_NONBLOCK);
    }
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;
    ~child_process() { kill(); }

    descriptor input, output;

    /// Its exit status, or negative the signal that ended it.
    int wait() {
        int status = 0;
        while (id_ > 0 && ::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
        }
        id_ = 0;
        return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    }
    /// Whether it has ended, without waiting.
    bool ended(int& how) {
        int status = 0;
        if (::waitpid(id_, &status, WNOHANG) != id_) return false;
        id_ = 0;
        how = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
        return true;
    }
    void kill() {
        if (id_ <= 0) return;
        ::kill(-id_, SIGKILL);
        ::kill(id_, SIGKILL);
        wait();
    }

  private:
    /// In the new process, where only what is safe after a fork of many threads may be called.
    [[noreturn]] static void begun(char* const* arguments, std::array<int, 3> ends, pid_t parent) {
        ::setpgid(0, 0);
#ifdef __linux__
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
        if (::getppid() != parent) ::_exit(127);
        // a pipe's end may be the very number that the other is to have
        const int in = ::fcntl(ends[0], F_DUPFD_CLOEXEC, 3), out = ::fcntl(ends[1], F_DUPFD_CLOEXEC, 3);
        ::dup2(in, STDIN_FILENO);
        ::dup2(out, STDOUT_FILENO);
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::signal(SIGPIPE, SIG_DFL);
        ::execvp(arguments[0], arguments);
        const int code = errno;
        const ssize_t told = ::write(ends[2], &code, sizeof code);
        ::_exit(told == sizeof code ? 127 : 126);
    }

    pid_t id_ = 0;
};

} // namespace detail

/// Begins a program, gives it `input` and reads what it answers until it closes its output and ends.
/// \param words the program, found by PATH, and its arguments
/// \throws input_error naming the program where it cannot be begun, or a pipe fails.
inline child_answer ask_program(const std::vector<std::string>& words, std::string_view input,
                                const child_limits& limits = {}) {
    using clock = std::chrono::steady_clock;
    const auto end = clock::now() + std::chrono::duration_cast<clock::duration>(
                                        std::chrono::duration<double>(std::min(limits.seconds, 1e9)));
    const detail::no_broken_pipe quiet;
    detail::child_process child(words);
    child_answer answer;
    std::vector<char> buffer(std::size_t{1} << 16);
    const auto fail = [&](const char* what) {
        throw input_error(message(words[0], ": ", what, ": ", std::generic_category().message(errno)));
    };
    while (child.output.open()) {
        if (input.empty()) child.input.close();
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - clock::now()).count();
        answer.timed_out = left <= 0;
        answer.too_long = answer.output.size() > limits.output;
        if (answer.timed_out || answer.too_long) return answer;
        std::array<pollfd, 2> ready{{{child.output.number(), POLLIN, 0}, {child.input.number(), POLLOUT, 0}}};
        const int count =
            ::poll(ready.data(), child.input.open() ? 2 : 1, static_cast<int>(std::min<long long>(left + 1, 60'000)));
        if (count < 0 && errno != EINTR) fail("poll failed");
        if (count <= 0) continue;
        if (child.input.open() && ready[1].revents != 0) {
            const ssize_t written = ::write(child.input.number(), input.data(), input.size());
            if (written >= 0)
                input.remove_prefix(static_cast<std::size_t>(written));
            else if (errno == EPIPE)
                child.input.close(); // it has read enough: what it answers tells
            else if (errno != EAGAIN && errno != EINTR)
                fail("its input cannot be written");
        }
        if (ready[0].revents != 0) {
            const ssize_t got = ::read(child.output.number(), buffer.data(), buffer.size());
            if (got > 0) answer.output.append(buffer.data(), static_cast<std::size_t>(got));
            if (got == 0) child.output.close();
            if (got < 0 && errno != EAGAIN && errno != EINTR) fail("its output cannot be read");
        }
    }
    child.input.close();
    while (!child.ended(answer.status)) { // it closed its output and goes on
        answer.timed_out = clock::now() >= end;
        if (answer.timed_out) return answer;
        constexpr timespec pause{0, 2'000'000};
        ::nanosleep(&pause, nullptr);
    }
    return answer;
}

} // namespace preflearn
