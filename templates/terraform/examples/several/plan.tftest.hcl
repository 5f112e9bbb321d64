# A plan against made-up answers of Google: environments do not share names, and are launched one by one.

mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  project = "shop-1"
  tags    = { staging = "b2" }
}

run "staging_alone_is_launched" {
  command = plan

  assert {
    condition     = length(module.environments["staging"].job_ids) == 1
    error_message = "Staging has a tag, and no job is launched."
  }

  assert {
    condition     = length(module.environments["production"].job_ids) == 0
    error_message = "Production has no tag, and a job is launched."
  }
}
