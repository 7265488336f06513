// Each program is killed from outside at random moments, started again until it ends, and has made the bytes of one
// that nobody disturbed. The programs run in processes of their own, which this one, without threads or models, starts
// anew from its own file: a process that has computed before cannot be forked safely.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <csignal>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <preflearn/core/numbers/random.hpp>
#include <preflearn/loss/by_name/any_loss.hpp>
#include <preflearn/loss/named.hpp>
#include <preflearn/programs/aligning/align_file.hpp>
#include <preflearn/programs/comparing/compare_files.hpp>
#include <preflearn/programs/evaluating/evaluate_file.hpp>
#include <preflearn/programs/generating/generate_file.hpp>
#include <preflearn/programs/labelling/label_file.hpp>
#include <preflearn/programs/rounds/round_files.hpp>
#include <preflearn/programs/rounds/rounds_file.hpp>
#include <preflearn/programs/study/kept_study.hpp>
#include <preflearn/programs/teaching/teach.hpp>

#include "../json_lines.hpp"
#include "../pipeline/tiny_models.hpp"
#include "aligning/tiny_losses.hpp"

using namespace preflearn;

namespace {

constexpr const char* killed_child = "a program in a process of its own";

/// Runs a program on what killed_inputs has written. \param out a folder of its own
void killed_run(const std::string& program, const std::filesystem::path& in, const std::filesystem::path& out) {
    const auto quiet = [](const std::string&) {};
    const any_backend<float>& on = test::on_processor();
    if (program == "teach") {
        teach_options options{.model = in / "model", .data = in / "pairs.jsonl", .out = out / "teacher"};
        options.learning.maximum_tokens = 32;
        options.learning.training.epochs = 3;
        options.learning.checkpoint_every = 1;
        teach(on, options, any_loss<double>(dpo{}), quiet);
    } else if (program == "label") {
        label_file(on, {.teacher = in / "reward", .data = in / "many.jsonl", .out = out / "labels.jsonl"}, quiet);
    } else if (program == "generate") {
        generate_options options{.model = in / "model", .data = in / "pairs.jsonl", .out = out / "responses.jsonl"};
        options.count = 2;
        options.sampling.max_tokens = 16;
        options.batch = 4;
        generate_file(on, options, quiet);
    } else if (program == "align") {
        align_options options{.model = in / "model", .data = in / "pairs.jsonl", .out = out / "student"};
        options.learning.maximum_tokens = 32;
        options.learning.training.epochs = 3;
        options.learning.checkpoint_every = 1;
        align_file(on, options, test::tiny_loss, quiet);
    } else if (program == "rounds") {
        rounds_options options{.model = in / "model",
                               .reference = in / "before",
                               .data = in / "few.jsonl",
                               .out = out / "rounds",
                               .rounds = 2,
                               .held_out = in / "few.jsonl",
                               .patience = 0,
                               .longest = 0};
        options.generating.sampling.max_tokens = 4;
        options.generating.batch = 4;
        options.aligning.learning.maximum_tokens = 48;
        options.aligning.learning.checkpoint_every = 1;
        rounds_file(on, options, test::tiny_loss, quiet);
    } else if (program == "weak_teacher") {
        text_study_options options{.teacher = in / "model",
                                   .student = in / "before",
                                   .data = in / "many.jsonl",
                                   .labelled = 6,
                                   .unlabelled = 6,
                                   .test = 4,
                                   .checkpoints = out / ".runs"};
        options.learning.maximum_tokens = 48;
        options.learning.training.batch_size = 4;
        options.learning.checkpoint_every = 1;
        std::filesystem::create_directories(options.checkpoints);
        run_kept_study(
            on, options, {.folder = out / "kept"}, dpo{}, [](const auto&) {}, quiet);
    } else if (program == "compare") {
        compare_options options;
        for (const char* const name : {"many", "others"})
            options.sources.push_back({.name = name, .path = in / (name + std::string(".jsonl"))});
        options.gold = "none";
        options.json = out / "comparison.json";
        options.rows = out / "rows.csv";
        options.report = out / "report";
        options.subsets = out / "subsets";
        compare_files(options, quiet);
    } else {
        evaluate_options options;
        for (const char* const student : {"a", "b"})
            options.responses.push_back({.name = student, .path = in / (student + std::string(".jsonl"))});
        options.gold = {in / "reward"};
        options.json = out / "evaluation.json";
        evaluate_file(on, options, quiet);
    }
}

/// Responses as a student's file has them.
std::string killed_responses(std::size_t prompts, std::uint64_t seed) {
    generator random(seed, "responses");
    std::string lines;
    for (std::size_t i = 0; i < prompts; ++i) {
        std::string text;
        for (std::uint64_t n = 1 + random.below(5); n > 0; --n) text += static_cast<char>('a' + random.below(4));
        const std::string prompt = "ab" + std::string(1 + i % 7, 'c') + std::string(1 + i / 7, 'd');
        lines += nlohmann::ordered_json{{"id", i}, {"prompt", prompt}, {"responses", {text}}}.dump() + "\n";
    }
    return lines;
}

/// The same pairs, every third one the other way round.
std::string killed_swaps(const std::filesystem::path& pairs) {
    std::string lines;
    auto all = test::json_lines(pairs);
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i % 3 == 0) std::swap(all[i]["chosen"], all[i]["rejected"]);
        lines += all[i].dump() + "\n";
    }
    return lines;
}

struct killed_inputs {
    test::folder folder;

    killed_inputs() {
        test::write_tiny_model(folder / "model", true, 5);
        test::write_tiny_model(folder / "before", true, 6);
        folder.write("pairs.jsonl", test::tiny_pairs(24));
        folder.write("many.jsonl", test::tiny_pairs(160, 2));
        folder.write("others.jsonl", killed_swaps(folder / "many.jsonl"));
        folder.write("few.jsonl", test::tiny_pairs(6, 3));
        folder.write("a.jsonl", killed_responses(60, 1));
        folder.write("b.jsonl", killed_responses(60, 2));
        write_implicit_reward(folder / "model", folder / "before", {.beta = 0.5}, folder / "reward");
    }
};

/// A process that runs a program.
class killed_process {
  public:
    /// \param largest no file grows beyond so many bytes; 0: any
    killed_process(const std::string& program, const std::filesystem::path& in, const std::filesystem::path& out,
                   std::size_t largest = 0) {
        std::filesystem::create_directories(out);
        std::vector<std::string> environment{"KILLED_PROGRAM=" + program, "KILLED_IN=" + in.string(),
                                             "KILLED_OUT=" + out.string(), "KILLED_LARGEST=" + std::to_string(largest),
                                             "OMP_NUM_THREADS=2"};
        for (char** known = environ; *known != nullptr; ++known)
            if (!std::string_view(*known).starts_with("OMP_NUM_THREADS=")) environment.emplace_back(*known);
        std::vector<std::string> arguments{"/proc/self/exe", std::string("--test-case=") + killed_child};
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, (out / "told").c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                         0600);
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
        const auto pointers = [](std::vector<std::string>& texts) {
            std::vector<char*> made;
            for (std::string& text : texts) made.push_back(text.data());
            made.push_back(nullptr);
            return made;
        };
        failed_ = posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, pointers(arguments).data(),
                              pointers(environment).data());
        posix_spawn_file_actions_destroy(&actions);
    }
    /// Waits so long and then kills it. \returns whether it had ended by itself, rightly
    bool end_within(std::chrono::microseconds time) {
        REQUIRE(failed_ == 0);
        int status = 0;
        for (const auto start = std::chrono::steady_clock::now();;) {
            if (::waitpid(process_, &status, WNOHANG) == process_) break;
            if (std::chrono::steady_clock::now() - start > time) {
                ::kill(process_, SIGKILL);
                REQUIRE(::waitpid(process_, &status, 0) == process_);
                if (WIFSIGNALED(status)) return false;
                break;
            }
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
        REQUIRE(WIFEXITED(status));
        REQUIRE(WEXITSTATUS(status) == 0);
        return true;
    }
    /// Waits for its end. \returns whether it was an error
    bool fails() {
        REQUIRE(failed_ == 0);
        int status = 0;
        REQUIRE(::waitpid(process_, &status, 0) == process_);
        REQUIRE(WIFEXITED(status));
        return WEXITSTATUS(status) != 0;
    }

  private:
    pid_t process_ = 0;
    int failed_ = 0;
};

/// What a program has made, by name, but for records of when it was made; what killed processes left of temporary files
/// would be among it.
std::map<std::string, std::string> killed_results(const std::filesystem::path& folder) {
    std::map<std::string, std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        const std::string name = std::filesystem::relative(entry.path(), folder).string();
        const bool checkpoint = name.starts_with(".runs");
        if (entry.is_regular_file() && !checkpoint && !name.ends_with("manifest.json") && name != "told")
            found.emplace(name, test::read(entry.path()));
    }
    return found;
}

using killed_files = std::map<std::string, std::string>;

void check_same(const killed_files& made, const killed_files& expected) {
    CHECK(made.size() == expected.size());
    for (const auto& [name, content] : expected) {
        CAPTURE(name);
        REQUIRE(made.contains(name));
        CHECK((made.at(name) == content));
    }
}

/// Ten times, or as often as PREFLEARN_KILLS says.
void kill_often(const std::string& program, std::uint64_t seed) {
    const char* const asked = std::getenv("PREFLEARN_KILLS");
    const std::size_t often = asked == nullptr ? 10 : std::stoul(asked);
    const killed_inputs files;
    constexpr auto as_long_as_it_takes = std::chrono::minutes(5);
    const auto start = std::chrono::steady_clock::now();
    const std::filesystem::path out = files.folder / "out"; // always the same: rounds name their students by path
    REQUIRE(killed_process(program, files.folder.path(), out).end_within(as_long_as_it_takes));
    const auto whole =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count();
    const auto expected = killed_results(out);
    REQUIRE_FALSE(expected.empty());
    generator random(seed, "moments");
    for (std::size_t kills = 0; kills < often;) { // often more than one on the way to one result
        std::filesystem::remove_all(out);
        while (kills < often) {
            const auto moment = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(whole)));
            if (killed_process(program, files.folder.path(), out).end_within(std::chrono::microseconds(moment))) break;
            ++kills;
        }
        REQUIRE(killed_process(program, files.folder.path(), out).end_within(as_long_as_it_takes));
        check_same(killed_results(out), expected);
    }
}

} // namespace

TEST_CASE("a program in a process of its own") {
    const char* const program = std::getenv("KILLED_PROGRAM");
    if (program == nullptr) return; // among other tests it does nothing
    const auto largest = static_cast<rlim_t>(std::stoul(std::getenv("KILLED_LARGEST")));
    if (largest == 0) return killed_run(program, std::getenv("KILLED_IN"), std::getenv("KILLED_OUT"));
    const test::largest_file limit(largest);
    killed_run(program, std::getenv("KILLED_IN"), std::getenv("KILLED_OUT"));
}

TEST_CASE("teach, killed at random moments, makes the same teacher") { kill_often("teach", 1); }
TEST_CASE("label, killed at random moments, makes the same labels") { kill_often("label", 2); }
TEST_CASE("generate, killed at random moments, makes the same responses") { kill_often("generate", 3); }
TEST_CASE("align, killed at random moments, makes the same student") { kill_often("align", 4); }
TEST_CASE("evaluate, killed at random moments, makes the same evaluation") { kill_often("evaluate", 5); }
TEST_CASE("rounds, killed at random moments, make the same students") { kill_often("rounds", 6); }
TEST_CASE("weak_teacher, killed at random moments, keeps the same folders") { kill_often("weak_teacher", 7); }
TEST_CASE("compare, killed at random moments, writes the same comparison") { kill_often("compare", 8); }

TEST_CASE("a full disk is an error of every program, and with room again the same command makes the same bytes") {
    for (const char* const program :
         {"teach", "label", "generate", "align", "evaluate", "rounds", "weak_teacher", "compare"}) {
        CAPTURE(program);
        const killed_inputs files;
        const auto out = files.folder / "out";
        CHECK_FALSE(killed_process(program, files.folder.path(), out).fails());
        const killed_files whole = killed_results(out);
        std::filesystem::remove_all(out);
        CHECK(killed_process(program, files.folder.path(), out, 1200).fails());
        CHECK(test::contains(test::read(out / "told"), "disk full"));
        CHECK_FALSE(killed_process(program, files.folder.path(), out).fails());
        check_same(killed_results(out), whole);
    }
}

TEST_CASE("a wrong teacher and a file that is gone are errors that lose no judgement") {
    const killed_inputs files;
    const auto whole = files.folder / "whole", out = files.folder / "out";
    CHECK_FALSE(killed_process("label", files.folder.path(), whole).fails());
    CHECK(killed_process("label", files.folder.path(), out, 1200).fails()); // in the middle of it
    const std::string part = test::read(out / "labels.jsonl.part");
    CHECK(part.find('\n') + 1 < part.size());
    std::filesystem::rename(files.folder / "model", files.folder / "right");
    test::write_tiny_model(files.folder / "model", true, 7);
    CHECK(killed_process("label", files.folder.path(), out).fails());
    CHECK(test::contains(test::read(out / "told"), "other weights"));
    std::filesystem::remove_all(files.folder / "model");
    std::filesystem::rename(files.folder / "right", files.folder / "model");
    std::filesystem::rename(files.folder / "many.jsonl", files.folder / "gone.jsonl");
    CHECK(killed_process("label", files.folder.path(), out).fails());
    std::filesystem::rename(files.folder / "gone.jsonl", files.folder / "many.jsonl");
    CHECK((test::read(out / "labels.jsonl.part") == part));
    CHECK_FALSE(killed_process("label", files.folder.path(), out).fails());
    check_same(killed_results(out), killed_results(whole));
}
