"""The independent brute-force oracle of the rule language, and the random worlds it is compared on."""
