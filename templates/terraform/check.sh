#!/usr/bin/env bash
# Everything that Terraform itself says of the modules: format, types, and a plan of each example against made-up
# answers of Google. It fetches the providers, so it needs a network; it needs no project and no credentials.
#   templates/terraform/check.sh
set -euo pipefail
cd "$(dirname "$0")"

terraform fmt -check -recursive -diff
for example in examples/*/; do
  echo "== $example"
  terraform -chdir="$example" init -backend=false -input=false -no-color
  terraform -chdir="$example" validate -no-color
  terraform -chdir="$example" test -no-color
done
