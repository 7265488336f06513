// says: "a Keeper has load(kept_run&) that returns whether something is kept, save(const kept_run&), a number `every`
// and place() that returns a std::string, as preflearn::run_file{.path = …}"
//
// A path alone keeps nothing.
const preflearn::training_options options{.keeper = "run.safetensors"};
