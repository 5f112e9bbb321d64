output "emails" {
  value       = { for name, account in google_service_account.accounts : name => account.email }
  description = "Addresses of the accounts: stream, backfill, command, launcher."
}
