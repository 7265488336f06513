// says: "a RankedList has an integer member `id` and members `prompt` and `responses`, the last an array of responses,
// the best one first"
//
// The responses are a single one.
#include <preflearn/training/kinds/lists.hpp>

struct my_list {
    int id = 0, prompt = 0, responses = 0;
};

void use() { preflearn::check_ranked_list<my_list>(); }
